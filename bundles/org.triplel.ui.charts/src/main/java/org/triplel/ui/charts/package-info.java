/** Drawings of the workbench: traffic chart, disk map, gauges and sparklines, and the colours they share. */
package org.triplel.ui.charts;
