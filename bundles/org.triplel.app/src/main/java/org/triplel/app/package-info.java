/** The administrator application: starts the workbench and wires the fleet and the lab into it. */
package org.triplel.app;
