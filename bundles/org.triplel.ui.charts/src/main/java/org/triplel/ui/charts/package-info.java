/** x. */
package org.triplel.ui.charts;
