package org.triplel.ui;

import java.util.Map;
import org.triplel.agent.api.Exposure;
import org.triplel.cluster.Host;
import org.triplel.cluster.Inventory;

/**
 * What the views show at one moment.
 *
 * @param atMillis when it was taken, milliseconds since 1970
 * @param inventory hosts, VMs, replicas and events
 * @param loads by name, for the VMs that moved anything in the last minute
 * @param rpos by name: what of each VM would be lost with its host
 */
public record FleetSnapshot(long atMillis, Inventory inventory, Map<String, VmLoad> loads, Map<String, Rpo> rpos) {

    public VmLoad load(String vm) {
        return loads.getOrDefault(vm, VmLoad.NONE);
    }

    /** What would be lost with a host now: of all of its VMs, and the oldest of it. */
    public Exposure exposure(Host host) {
        return host.vms().stream().map(vm -> rpo(vm.name()).now()).reduce(Exposure.NONE, Exposure::and);
    }

    public Rpo rpo(String vm) {
        return rpos.getOrDefault(vm, Rpo.NONE);
    }
}
