package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

class PlacementFormTest {

    private static final Optional<Side> HOST = Optional.of(Side.LOCAL);
    private static final Optional<Side> NAS = Optional.of(Side.NAS);
    private static final Optional<PlacementOfWrites> OPEN = Optional.empty();
    private static final Optional<PlacementOfWrites> THROUGH = Optional.of(PlacementOfWrites.THROUGH);
    private static final Optional<PlacementOfWrites> LOG_SPLIT = Optional.of(PlacementOfWrites.LOG_SPLIT);
    private static final Optional<String> NOBODY = Optional.empty();
    private static final Placement ADAS_JOURNAL = Placement.risky(Side.LOCAL, "ada");
    private static final Placement ADAS_BEHIND = Placement.behind(Side.LOCAL, 10, 64, "ada");

    private static Optional<PlacementOfWrites> behind(int seconds, int mebibytes) {
        return Optional.of(PlacementOfWrites.behind(seconds, mebibytes));
    }

    private static List<Vm> vms(Placement... placements) {
        return Stream.of(placements)
                .map(placement -> new Vm(
                        "desk",
                        "client-1",
                        VmState.RUNNING,
                        "debian-12",
                        1,
                        1,
                        1,
                        placement,
                        false,
                        JournalDisk.NONE,
                        1,
                        1,
                        RecoveryStage.NONE,
                        "",
                        ""))
                .toList();
    }

    private static PlacementForm form(List<Vm> vms, Optional<PlacementOfWrites> writes, boolean accepted) {
        return new PlacementForm(vms, HOST, HOST, writes, accepted);
    }

    private static boolean asks(Placement now, Optional<PlacementOfWrites> writes) {
        return form(vms(now), writes, false).choice("bob").isEmpty();
    }

    @Test
    void bothRisksNeedConsent() {
        for (var risky : List.of(LOG_SPLIT, behind(10, 64))) {
            var unanswered = form(vms(Placement.DEFAULT, Placement.DEFAULT), risky, false);
            assertEquals(Optional.empty(), unanswered.choice("ada"));
            assertEquals(
                    Optional.of("Tick that you accept the risk, or choose \"On the NAS at once\"."), unanswered.hint());
            var answered = form(vms(Placement.DEFAULT, Placement.DEFAULT), risky, true);
            assertEquals(
                    Optional.of(new PlacementChoice(HOST, HOST, risky, Optional.of("ada"))), answered.choice("ada"));
            assertEquals(Optional.empty(), answered.hint());
        }
        assertEquals(
                Optional.of(new PlacementChoice(HOST, HOST, THROUGH, NOBODY)),
                form(vms(ADAS_BEHIND), THROUGH, false).choice("bob"));
    }

    @Test
    void consentIsAskedAnewForAnotherKindOfRiskOrALargerBound() {
        assertFalse(asks(ADAS_BEHIND, behind(10, 64)));
        assertFalse(asks(ADAS_BEHIND, behind(5, 64)), "less is lost");
        assertFalse(asks(ADAS_BEHIND, behind(10, 16)), "less is lost");
        assertTrue(asks(ADAS_BEHIND, behind(11, 64)), "more seconds");
        assertTrue(asks(ADAS_BEHIND, behind(10, 65)), "more bytes");
        assertTrue(asks(ADAS_BEHIND, behind(5, 128)), "fewer seconds do not make up for more bytes");
        assertTrue(asks(ADAS_BEHIND, LOG_SPLIT), "another kind");
        assertTrue(asks(ADAS_JOURNAL, behind(1, 16)), "another kind");
        assertFalse(asks(ADAS_JOURNAL, LOG_SPLIT));
        assertTrue(asks(Placement.behind(Side.LOCAL, 10, 64, ""), behind(10, 64)), "nobody has accepted it");
    }

    @Test
    void whatOnlySomeHaveAcceptedIsAskedForAll() {
        var vms = vms(ADAS_BEHIND, Placement.behind(Side.LOCAL, 5, 64, "ada"));
        assertEquals(Optional.empty(), form(vms, behind(10, 64), false).choice("bob"));
        assertEquals(
                Optional.of(new PlacementChoice(HOST, HOST, behind(10, 64), Optional.of("bob"))),
                form(vms, behind(10, 64), true).choice("bob"));
        assertEquals(
                Optional.of(new PlacementChoice(HOST, HOST, behind(5, 64), NOBODY)),
                form(vms, behind(5, 64), false).choice("bob"));
    }

    @Test
    void whereTheBaseImageIsReadNeedsNoConsent() {
        var vms = vms(ADAS_JOURNAL, ADAS_JOURNAL.withBase(Side.NAS));
        assertEquals(
                Optional.of("Now 1 from the replica on the host, 1 from the NAS"),
                PlacementForm.baseNow(vms).difference());
        assertEquals(
                Optional.of(new PlacementChoice(NAS, HOST, LOG_SPLIT, NOBODY)),
                new PlacementForm(vms, NAS, HOST, LOG_SPLIT, false).choice("bob"));
        var open = new PlacementForm(vms, Optional.empty(), HOST, LOG_SPLIT, false);
        assertEquals(Optional.empty(), open.choice("bob"), "nothing is changed");
        assertEquals(Optional.of("What you do not choose stays as each VM has it."), open.hint());
        assertEquals(Optional.empty(), open.placement("bob"));
    }

    @Test
    void whatDiffersMayStayOpenIfTheOtherIsChanged() {
        var vms = vms(Placement.DEFAULT, ADAS_JOURNAL, ADAS_BEHIND, ADAS_BEHIND);
        var open = form(vms, OPEN, false);
        assertEquals(Optional.empty(), open.choice("ada"));
        assertEquals(Optional.of("What you do not choose stays as each VM has it."), open.hint());
        assertEquals(
                Optional.of(
                        "Now 2 on the NAS at most 10 s, 64 MiB of writing later, 1 on the NAS at once, 1 with the journal on the host"),
                PlacementForm.writesNow(vms).difference());
        var swapOnly = new PlacementForm(vms, HOST, NAS, OPEN, false);
        assertEquals(Optional.of(new PlacementChoice(HOST, NAS, OPEN, NOBODY)), swapOnly.choice("ada"));
        assertTrue(swapOnly.hint().isPresent());
        assertEquals(Optional.empty(), form(vms, THROUGH, false).hint());
    }
}
