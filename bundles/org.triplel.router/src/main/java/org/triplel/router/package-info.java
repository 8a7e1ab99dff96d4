/** x. */
package org.triplel.router;
