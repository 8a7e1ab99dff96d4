/** The traffic chart and its legend. */
package org.triplel.ui.traffic;
