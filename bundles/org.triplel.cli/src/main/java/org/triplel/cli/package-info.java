/** x. */
package org.triplel.cli;
