package org.triplel.ui;

import java.util.Map;
import org.triplel.agent.api.Exposure;
import org.triplel.cluster.Inventory;

/**
 * What the views show at one moment.
 *
 * @param atMillis when it was taken, milliseconds since 1970
 * @param inventory hosts, VMs, replicas and events
 * @param loads by name, for the VMs that moved anything in the last minute
 * @param exposures by name, for the VMs of which something would be lost with their host
 */
public record FleetSnapshot(
        long atMillis, Inventory inventory, Map<String, VmLoad> loads, Map<String, Exposure> exposures) {

    public VmLoad load(String vm) {
        return loads.getOrDefault(vm, VmLoad.NONE);
    }

    public Exposure exposure(String vm) {
        return exposures.getOrDefault(vm, Exposure.NONE);
    }
}
