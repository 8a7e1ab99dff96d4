/** x. */
package org.triplel.replica;
