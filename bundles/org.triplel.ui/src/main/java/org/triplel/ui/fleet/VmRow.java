package org.triplel.ui.fleet;

import org.triplel.agent.api.Vm;
import org.triplel.cluster.Host;
import org.triplel.ui.Rpo;
import org.triplel.ui.VmLoad;

/**
 * A VM in the table.
 *
 * @param rpo what of it would be lost with its host
 * @param whyNot what keeps it from being served well, or empty
 */
record VmRow(Vm vm, Host host, VmLoad load, Rpo rpo, String whyNot) {}
