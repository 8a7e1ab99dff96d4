package org.triplel.agent.simulated;

import java.util.ArrayList;
import java.util.List;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.SavedFiles;

/** A VM's disk of which a lost host has a journal, and how far its recovery is. */
final class SimulatedRecovery {

    private static final long STEP_MILLIS = 2_000;
    private static final long GIB = 1L << 30;
    private static final String JOURNAL = "inode 8 of the ext4 in partition 1";
    private static final List<String> STEPS =
            List.of("Look for file systems", "Check ext4 in partition 1", "Check ext4 in partition 3");

    private final String vm;
    private final String host;
    private final String lostHost;
    private RecoveryStage stage = RecoveryStage.NEEDED;
    private String problem = "";
    private SavedFiles saved = SavedFiles.NONE;
    private long millis;

    SimulatedRecovery(String vm, String host, String lostHost) {
        this.vm = vm;
        this.host = host;
        this.lostHost = lostHost;
    }

    String lostHost() {
        return lostHost;
    }

    RecoveryStage stage() {
        return stage;
    }

    void begin(SavedFiles files) {
        stage = RecoveryStage.RUNNING;
        saved = files;
        millis = 0;
        problem = "";
    }

    /** Has it end without a copy. */
    void end(String why) {
        stage = RecoveryStage.NEEDED;
        problem = why;
    }

    /** Returns whether its stage changed. */
    boolean advance(long passed) {
        if (stage != RecoveryStage.RUNNING) {
            return false;
        }
        millis += passed;
        if (millis < names().size() * STEP_MILLIS) {
            return false;
        }
        stage = RecoveryStage.READY;
        return true;
    }

    private boolean withJournal() {
        return !saved.journals().isEmpty();
    }

    private List<String> names() {
        var names = new ArrayList<>(List.of("Copy " + vm + ".qcow2"));
        if (!saved.log().isEmpty()) {
            names.add("Add what was written behind");
        }
        if (withJournal()) {
            names.add("Add the saved journals");
        }
        names.addAll(STEPS);
        return names;
    }

    RecoveryStatus status(long changedAtMillis) {
        return new RecoveryStatus(
                vm,
                stage,
                stage == RecoveryStage.NEEDED ? losses() : List.of(),
                changedAtMillis,
                millis == 0 && stage != RecoveryStage.RUNNING ? List.of() : steps(),
                stage == RecoveryStage.READY ? report() : RecoveryStatus.Report.NONE,
                problem);
    }

    private List<RecoveryStatus.Loss> losses() {
        return List.of(new RecoveryStatus.Loss(RecoveryStatus.Kind.JOURNAL, JOURNAL, lostHost, 0));
    }

    private List<RecoveryStatus.Step> steps() {
        var steps = new ArrayList<RecoveryStatus.Step>();
        for (var name : names()) {
            long since = millis - steps.size() * STEP_MILLIS;
            var state = since >= STEP_MILLIS
                    ? RecoveryStatus.StepState.DONE
                    : since >= 0 ? RecoveryStatus.StepState.RUNNING : RecoveryStatus.StepState.WAITING;
            steps.add(new RecoveryStatus.Step(
                    name, state, Math.clamp(since, 0, STEP_MILLIS) * GIB / STEP_MILLIS, since >= 0 ? GIB : 0));
        }
        return steps;
    }

    private RecoveryStatus.Report report() {
        return new RecoveryStatus.Report(
                "vms/" + vm + ".recovered-on-" + host + ".qcow2",
                List.of(
                        new RecoveryStatus.FileSystem(
                                "ext4 in partition 1",
                                withJournal() ? "" : lostHost,
                                1,
                                """
                                e2fsck 1.47.0 (5-Feb-2023)
                                Superblock has_journal flag is clear, but a journal is present.
                                Clear? yes

                                Pass 1: Checking inodes, blocks, and sizes
                                Pass 2: Checking directory structure
                                Pass 3: Checking directory connectivity
                                Pass 4: Checking reference counts
                                Unattached inode 5121
                                Connect to /lost+found? yes

                                Pass 5: Checking group summary information
                                it: ***** FILE SYSTEM WAS MODIFIED *****""",
                                86_016,
                                List.of("#5121, 18432 bytes")),
                        new RecoveryStatus.FileSystem(
                                "ext4 in partition 3",
                                "",
                                0,
                                "it: 14/65536 files (0.0% non-contiguous), 8859/65536 blocks",
                                0,
                                List.of())),
                saved.log().isEmpty() ? 0 : 5_242_880,
                withJournal() ? List.of(JOURNAL) : List.of(),
                List.of("XFS in partition 4"),
                withJournal()
                        ? List.of()
                        : List.of("What the guest had committed to its journal (" + JOURNAL + ") on " + lostHost
                                + " and not yet written in place: the newest names, sizes and places of files."));
    }
}
