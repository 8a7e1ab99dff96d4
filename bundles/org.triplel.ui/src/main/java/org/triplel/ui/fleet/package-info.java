/** Views of the fleet: tree, VM table, replicas and events. */
package org.triplel.ui.fleet;
