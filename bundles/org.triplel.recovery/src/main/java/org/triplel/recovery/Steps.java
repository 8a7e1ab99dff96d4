package org.triplel.recovery;

import java.util.ArrayList;
import java.util.List;

/** The steps of one recovery, one after another; further ones may be found on the way. */
final class Steps {

    private final RecoveryObserver observer;
    private final Cancellation cancellation;
    private final List<RecoveryStep> steps = new ArrayList<>();
    private int current = -1;

    Steps(RecoveryObserver observer, Cancellation cancellation) {
        this.observer = observer;
        this.cancellation = cancellation;
    }

    void plan(String name) {
        steps.add(RecoveryStep.waiting(name));
        tell();
    }

    /** The step before it, if any, is done. */
    void next() {
        cancellation.check();
        finish();
        current++;
        at(0, 0);
    }

    /** How far the step is; the place where a recovery that was cancelled ends. */
    void at(long done, long total) {
        cancellation.check();
        steps.set(current, new RecoveryStep(steps.get(current).name(), RecoveryStep.State.RUNNING, done, total));
        tell();
    }

    void finish() {
        if (current >= 0) {
            var step = steps.get(current);
            steps.set(current, new RecoveryStep(step.name(), RecoveryStep.State.DONE, step.total(), step.total()));
            tell();
        }
    }

    private void tell() {
        observer.at(List.copyOf(steps));
    }
}
