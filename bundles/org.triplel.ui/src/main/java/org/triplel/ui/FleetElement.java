package org.triplel.ui;

/** What can be selected: a name for something whose state the fleet knows. */
public sealed interface FleetElement {

    /** The NAS that the hosts take images from. */
    record Nas(String name) implements FleetElement {}

    /** A base image on the NAS. */
    record Base(String name) implements FleetElement {}

    /** A NAS client. */
    record Client(String name) implements FleetElement {}

    /** A VM. */
    record Machine(String name) implements FleetElement {}

    /** A base image on a NAS client. */
    record Copy(String host, String base) implements FleetElement {}
}
