package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

class JournalDiskFormTest {

    private static final Vm WITHOUT = vm("desk-01", JournalDisk.NONE);
    private static final Vm WITH = vm("desk-02", new JournalDisk(64, JournalDisk.Mode.ORDERED, 0, "ada", 1));

    private static Vm vm(String name, JournalDisk disk) {
        return new Vm(
                name,
                "client-1",
                VmState.STOPPED,
                "debian-12",
                1,
                1,
                1,
                Placement.DEFAULT,
                disk,
                0,
                -1,
                RecoveryStage.NONE,
                "");
    }

    private static JournalDiskForm form(Optional<JournalPlace> place, boolean accepted, Vm... vms) {
        return new JournalDiskForm(List.of(vms), place, 128, 32, accepted);
    }

    @Test
    void nothingIsChosenAtFirst() {
        assertEquals(Optional.empty(), form(Optional.empty(), true, WITHOUT).choice("bob"));
    }

    @Test
    void theRiskMustBeAccepted() {
        var unanswered = form(Optional.of(JournalPlace.ALL_ON_DISK), false, WITHOUT);
        assertTrue(unanswered.risk().isPresent());
        assertEquals(Optional.empty(), unanswered.choice("bob"));
        assertEquals(Optional.of(Messages.JournalDisk_Unanswered), unanswered.hint());
        assertEquals(
                Optional.of(new JournalDisk(128, JournalDisk.Mode.JOURNAL, 32, "bob", 0)),
                form(Optional.of(JournalPlace.ALL_ON_DISK), true, WITHOUT).choice("bob"));
        assertEquals(
                Optional.of(new JournalDisk(128, JournalDisk.Mode.ORDERED, 32, "bob", 0)),
                form(Optional.of(JournalPlace.METADATA_ON_DISK), true, WITHOUT).choice("bob"));
    }

    @Test
    void onlyThoseAreConcernedForWhomSomethingIsToBeDone() {
        var give = form(Optional.of(JournalPlace.ALL_ON_DISK), true, WITHOUT, WITH);
        assertEquals(List.of(WITHOUT), give.concerned());
        assertTrue(give.hint().orElseThrow().contains("1 of 2"), give.hint()::toString);
        var take = form(Optional.of(JournalPlace.INSIDE), false, WITHOUT, WITH);
        assertEquals(List.of(WITH), take.concerned());
        assertFalse(take.risk().isPresent());
        assertEquals(Optional.of(JournalDisk.NONE), take.choice("bob"));
        var nothing = form(Optional.of(JournalPlace.INSIDE), false, WITHOUT);
        assertEquals(Optional.empty(), nothing.choice("bob"));
        assertEquals(Optional.of(Messages.JournalDisk_HaveNone), nothing.hint());
        assertEquals(
                Optional.of(Messages.JournalDisk_HaveOne),
                form(Optional.of(JournalPlace.ALL_ON_DISK), true, WITH).hint());
    }
}
