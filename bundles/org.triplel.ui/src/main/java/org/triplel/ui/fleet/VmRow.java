package org.triplel.ui.fleet;

import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Host;
import org.triplel.ui.VmLoad;

/**
 * A VM in the table.
 *
 * @param exposure what of it would be lost with its host
 * @param whyNot what keeps it from being served well, or empty
 */
record VmRow(Vm vm, Host host, VmLoad load, Exposure exposure, String whyNot) {}
