package org.triplel.cli;

import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.Set;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.SavedFiles;

/** Has the disk of a VM recovered, and tells what has become of it. */
record RecoverySession(FleetSession fleet, Output output, PrintWriter progress) {

    /** Waits for its end, and prints the report. */
    void recover(RecoveryRequest wanted) throws NotDone, InterruptedException {
        var vm = wanted.vm();
        refuseIfLives(wanted);
        if (!goesOn(wanted)) {
            fleet.ask(vm, agent -> agent.recover(wanted));
        }
        Set<String> told = new LinkedHashSet<>();
        fleet.awaitRecovered(vm, status -> tell(status, told));
        var done = fleet.recovery(vm);
        if (done.stage() != RecoveryStage.READY) {
            throw new NotDone(vm + " is not recovered: " + done.problem());
        }
        print(done);
        progress.println("Look at " + done.report().copy() + " on the NAS, then decide: triplel vm recover " + vm
                + " --use or --discard.");
    }

    /** An earlier command was ended before its recovery. With saved files it is another one, which the agent refuses. */
    private boolean goesOn(RecoveryRequest wanted) throws NotDone, InterruptedException {
        return wanted.saved().equals(SavedFiles.NONE)
                && switch (fleet.recovery(wanted.vm()).stage()) {
                    case RUNNING, READY -> true;
                    case NONE, NEEDED -> false;
                };
    }

    /** The agent only knows of its own host; here all that answer are known. */
    private void refuseIfLives(RecoveryRequest wanted) throws NotDone {
        var inventory = fleet.fleet().inventory();
        boolean other = inventory
                .vm(wanted.vm())
                .filter(vm -> !vm.host().equals(wanted.lostHost()))
                .isPresent();
        if (other && inventory.lives(wanted.lostHost(), wanted.vm())) {
            throw new NotDone(wanted.lostHost() + " is not lost: it answers, and says that it has " + wanted.vm()
                    + ". Let it bring home what it has, or start " + wanted.vm() + " there.");
        }
    }

    private void tell(RecoveryStatus status, Set<String> told) {
        status.steps().stream()
                .filter(step -> step.state() != RecoveryStatus.StepState.WAITING)
                .map(RecoveryStatus.Step::name)
                .filter(told::add)
                .forEach(name -> progress.println(name + "..."));
    }

    private void print(RecoveryStatus done) {
        var report = done.report();
        switch (output) {
            case JsonOutput json -> json.one(report);
            case TextOutput text -> {
                var words = new RecoveryWords(text.to());
                for (var each : report.fileSystems()) {
                    words.fileSystem(
                            each.name(),
                            each.journalHost(),
                            each.status(),
                            each.changedBytes(),
                            each.said(),
                            each.found());
                }
                words.end(report.logBytes(), report.replayed(), report.unchecked(), report.lost());
            }
        }
    }
}
