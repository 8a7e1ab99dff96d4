package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

class PlacementNowTest {

    private static PlacementNow swap(Side... sides) {
        var vms = Stream.of(sides)
                .map(side -> new Vm(
                        "desk", "client-1", VmState.RUNNING, "debian-12", 1, 1, 1, Placement.safe(side), 1, 1, ""))
                .toList();
        return PlacementNow.of("Swap", vms, Placement::swap);
    }

    @Test
    void whatAllHaveIsCommon() {
        assertEquals(Optional.of(Side.LOCAL), swap(Side.LOCAL).common());
        assertEquals(Optional.of(Side.NAS), swap(Side.NAS, Side.NAS).common());
        assertEquals(Optional.empty(), swap(Side.NAS, Side.NAS).difference());
    }

    @Test
    void ofMixedOnesItIsSaidHowManyAreOnTheHost() {
        var mixed = swap(Side.LOCAL, Side.NAS, Side.LOCAL);
        assertEquals(Optional.empty(), mixed.common());
        assertEquals(Optional.of("Swap: 2 of 3 have it on the host."), mixed.difference());
    }
}
