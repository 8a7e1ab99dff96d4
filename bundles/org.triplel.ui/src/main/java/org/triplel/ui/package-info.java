/** x. */
package org.triplel.ui;
