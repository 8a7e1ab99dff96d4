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
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

class JournalDiskFormTest {

    private static final Vm WITHOUT = vm("desk-01", JournalDisk.NONE);
    private static final Vm WITH = vm("desk-02", JournalDisk.Stage.THERE, 64);

    private static Vm vm(String name, JournalDisk.Stage stage, int mebibytes) {
        return vm(name, new JournalDisk(stage, mebibytes, JournalDisk.Mode.ORDERED, 0, "ada", 1));
    }

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
                false,
                disk,
                0,
                -1,
                RecoveryStage.NONE,
                "",
                "");
    }

    private static JournalDiskForm form(Optional<JournalPlace> place, boolean accepted, Vm... vms) {
        return new JournalDiskForm(new JournalDiskNow(List.of(vms)), place, 128, 32, accepted);
    }

    private static JournalDiskForm form(JournalPlace place, Vm... vms) {
        return form(Optional.of(place), false, vms);
    }

    private static List<JournalPlace> offered(Vm... vms) {
        return Stream.of(JournalPlace.values())
                .filter(new JournalDiskNow(List.of(vms))::offers)
                .toList();
    }

    @Test
    void theRiskMustBeAccepted() {
        var unanswered = form(JournalPlace.ALL_ON_DISK, WITHOUT);
        assertTrue(unanswered.risk().isPresent());
        assertEquals(Optional.empty(), unanswered.choice("bob"));
        assertEquals(Optional.of(Messages.JournalDisk_Unanswered), unanswered.hint());
        assertEquals(
                Optional.of(JournalDisk.wanted(128, JournalDisk.Mode.JOURNAL, 32, "bob")),
                form(Optional.of(JournalPlace.ALL_ON_DISK), true, WITHOUT).choice("bob"));
        assertEquals(
                Optional.of(JournalDisk.wanted(128, JournalDisk.Mode.ORDERED, 32, "bob")),
                form(Optional.of(JournalPlace.METADATA_ON_DISK), true, WITHOUT).choice("bob"));
    }

    @Test
    void onlyThoseAreConcernedForWhomSomethingIsToBeDone() {
        var give = form(Optional.of(JournalPlace.ALL_ON_DISK), true, WITHOUT, WITH);
        assertEquals(List.of(WITHOUT), give.concerned());
        assertEquals(Optional.of("Concerns 1 of 2 VMs; the others stay as they are."), give.hint());
        var take = form(JournalPlace.INSIDE, WITHOUT, WITH);
        assertEquals(List.of(WITH), take.concerned());
        assertFalse(take.risk().isPresent());
        assertEquals(Optional.of(JournalDisk.NONE), take.choice("bob"));
    }

    @Test
    void whatTheyHaveIsNoChoice() {
        var inside = form(JournalPlace.INSIDE, WITHOUT);
        assertEquals(Optional.empty(), inside.choice("bob"));
        assertEquals(Optional.empty(), inside.hint());
        assertEquals(List.of(JournalPlace.values()), offered(WITHOUT));
        var onDisk = form(Optional.of(JournalPlace.METADATA_ON_DISK), true, WITH);
        assertEquals(Optional.empty(), onDisk.choice("bob"));
        assertEquals(Optional.of(Messages.JournalDisk_HaveOne), onDisk.hint());
        assertFalse(onDisk.sized());
        assertEquals(List.of(JournalPlace.INSIDE, JournalPlace.METADATA_ON_DISK), offered(WITH));
        assertEquals(
                Optional.empty(), form(Optional.empty(), true, WITHOUT, WITH).choice("bob"));
    }

    @Test
    void whatWasBegunIsDoneAgainOrTakenBack() {
        var giving = vm("desk-03", JournalDisk.Stage.GIVING, 128);
        assertEquals(List.of(JournalPlace.INSIDE, JournalPlace.METADATA_ON_DISK), offered(giving));
        var again = form(JournalPlace.METADATA_ON_DISK, giving);
        assertEquals(Optional.of(Messages.JournalDisk_Giving), again.hint());
        assertTrue(again.warns());
        assertFalse(again.sized());
        assertTrue(again.choice("bob").isPresent(), "ada has accepted it");
        var back = form(JournalPlace.INSIDE, giving);
        assertEquals(Optional.of(JournalDisk.NONE), back.choice("bob"));
        assertEquals(Optional.empty(), back.hint());

        var taking = vm("desk-04", JournalDisk.Stage.TAKING, 128);
        assertEquals(List.of(JournalPlace.INSIDE), offered(taking));
        assertEquals(
                Optional.of(JournalDisk.NONE), form(JournalPlace.INSIDE, taking).choice("bob"));
        assertEquals(
                Optional.of(Messages.JournalDisk_Taking),
                form(JournalPlace.INSIDE, taking).hint());
    }

    private static JournalDiskForm swapForm(int mebibytes, Vm... vms) {
        return new JournalDiskForm(
                new JournalDiskNow(List.of(vms)), Optional.of(JournalPlace.INSIDE_WITH_SWAP), 128, mebibytes, false);
    }

    @Test
    void aSwapDiskAloneNeedsASizeAndNoConsent() {
        var form = swapForm(32, WITHOUT, WITH);
        assertEquals(List.of(WITHOUT), form.concerned());
        assertFalse(form.risk().isPresent());
        assertFalse(form.sized());
        assertTrue(form.swapSized());
        assertEquals(Optional.of(JournalDisk.wantedSwap(32)), form.choice("bob"));
        var unsized = swapForm(0, WITHOUT);
        assertEquals(Optional.empty(), unsized.choice("bob"));
        assertEquals(Optional.of(Messages.JournalDisk_Unsized), unsized.hint());
        assertTrue(form(JournalPlace.ALL_ON_DISK, WITHOUT).sized());
    }

    @Test
    void aSwapDiskAloneIsGivenAgainOrTakenAway() {
        for (var stage : List.of(JournalDisk.Stage.GIVING, JournalDisk.Stage.THERE)) {
            var vm = vm("desk-06", new JournalDisk(stage, 0, JournalDisk.Mode.NONE, 32, "", 0));
            assertEquals(List.of(JournalPlace.INSIDE, JournalPlace.INSIDE_WITH_SWAP), offered(vm));
            assertEquals(
                    Optional.of(JournalDisk.NONE), form(JournalPlace.INSIDE, vm).choice("bob"));
            var stays = swapForm(32, vm);
            boolean giving = stage == JournalDisk.Stage.GIVING;
            assertEquals(giving, stays.choice("bob").isPresent());
            assertEquals(
                    Optional.of(giving ? Messages.JournalDisk_Giving : Messages.JournalDisk_HaveOne), stays.hint());
            assertFalse(stays.swapSized());
        }
        var taking = vm("desk-06", new JournalDisk(JournalDisk.Stage.TAKING, 0, JournalDisk.Mode.NONE, 32, "", 0));
        assertEquals(List.of(JournalPlace.INSIDE), offered(taking));
    }

    @Test
    void whatIsDamagedIsLeftAlone() {
        var damaged = vm("desk-05", JournalDisk.Stage.DAMAGED, 128);
        assertEquals(List.of(JournalPlace.METADATA_ON_DISK), offered(damaged), "where it is");
        var form = form(JournalPlace.METADATA_ON_DISK, damaged);
        assertEquals(Optional.empty(), form.choice("bob"));
        assertEquals(Optional.of(Messages.JournalDisk_Damaged), form.hint());
        assertTrue(form.warns());
        assertEquals(List.of(WITH), form(JournalPlace.INSIDE, WITH, damaged).concerned());
    }

    @Test
    void amongOthersWhatWasBegunIsNamedAndNotGoneOnWith() {
        var giving = vm("desk-03", JournalDisk.Stage.GIVING, 128);
        var give = form(Optional.of(JournalPlace.METADATA_ON_DISK), true, WITHOUT, giving);
        assertEquals(List.of(WITHOUT), give.concerned());
        assertTrue(give.sized());
        assertTrue(give.hint().orElseThrow().contains("not desk-03"), give.hint()::toString);
        var another = vm("desk-04", JournalDisk.Stage.GIVING, 64);
        var differ = form(JournalPlace.METADATA_ON_DISK, giving, another);
        assertEquals(Optional.empty(), differ.choice("bob"));
        assertTrue(differ.hint().orElseThrow().contains("not desk-03, desk-04"), differ.hint()::toString);
        assertEquals(
                List.of(WITH, giving, another),
                form(JournalPlace.INSIDE, WITHOUT, WITH, giving, another).concerned());
    }
}
