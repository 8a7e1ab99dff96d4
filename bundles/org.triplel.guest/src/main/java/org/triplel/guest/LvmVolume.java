package org.triplel.guest;

import java.util.List;

/** A volume of LVM2 that a guest can use. */
sealed interface LvmVolume {

    String name();

    /** @param pieces of the physical volume, in the volume's order, none behind its neighbour without a gap */
    record Linear(String name, List<Range> pieces) implements LvmVolume {}

    /** @param why its blocks are not told apart */
    record Other(String name, String why) implements LvmVolume {}
}
