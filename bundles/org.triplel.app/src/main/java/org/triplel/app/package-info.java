/** x. */
package org.triplel.app;
