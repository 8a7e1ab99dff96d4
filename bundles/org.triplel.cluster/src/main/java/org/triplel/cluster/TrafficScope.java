package org.triplel.cluster;

import java.util.SortedSet;

/** Whose traffic is meant. */
public sealed interface TrafficScope {

    /** That of every VM, also of those that are gone by now. */
    record All() implements TrafficScope {}

    /** That of some VMs together. */
    record Vms(SortedSet<String> names) implements TrafficScope {}
}
