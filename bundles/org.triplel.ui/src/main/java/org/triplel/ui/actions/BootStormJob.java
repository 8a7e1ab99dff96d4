package org.triplel.ui.actions;

import java.io.IOException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.eclipse.core.runtime.IProgressMonitor;
import org.eclipse.core.runtime.IStatus;
import org.eclipse.core.runtime.Status;
import org.eclipse.core.runtime.jobs.Job;
import org.eclipse.osgi.util.NLS;
import org.eclipse.ui.progress.IProgressConstants;
import org.triplel.cluster.BootStorm;
import org.triplel.cluster.BootStormHistory;
import org.triplel.cluster.BootStormResult;
import org.triplel.cluster.Fleet;

/** Runs a boot storm; goes on when the dialog is closed. */
final class BootStormJob extends Job {

    /** How a run ended. */
    sealed interface End {}

    /** It was carried out; {@code other} is the last comparable run with the other setting. */
    record Done(BootStormResult result, Optional<BootStormResult> other) implements End {}

    /** It was not. */
    record Failed(String why) implements End {}

    /** Told what goes on: in words, and how many VMs are ready or have failed. */
    interface Report {
        void accept(String words, int done);
    }

    private final Fleet fleet;
    private final BootStorm.Plan plan;
    private final BootStormHistory history;
    private final long scheduledMillis = System.currentTimeMillis();
    private final Report report;
    private final Consumer<End> end;

    /**
     * @param report told what goes on, on the job's thread
     * @param end told the end, on the job's thread
     */
    BootStormJob(Fleet fleet, BootStorm.Plan plan, BootStormHistory history, Report report, Consumer<End> end) {
        super(Messages.Storm_Job);
        this.fleet = fleet;
        this.plan = plan;
        this.history = history;
        this.report = report;
        this.end = end;
        setProperty(IProgressConstants.NO_IMMEDIATE_ERROR_PROMPT_PROPERTY, Boolean.TRUE);
    }

    BootStorm.Plan plan() {
        return plan;
    }

    /** When the job was made, milliseconds since 1970: what was started before belongs to an earlier life. */
    long scheduledMillis() {
        return scheduledMillis;
    }

    @Override
    protected IStatus run(IProgressMonitor monitor) {
        monitor.beginTask(getName(), plan.vms().size());
        try {
            var result = new BootStorm(fleet, InstantSource.system()).run(plan, new Progress(monitor));
            var other = history.counterpart(result);
            history.add(result);
            end.accept(new Done(result, other));
            return Status.OK_STATUS;
        } catch (CancellationException e) {
            end.accept(new Failed(Messages.Storm_Cancelled));
            return Status.CANCEL_STATUS;
        } catch (IOException | RuntimeException e) {
            end.accept(new Failed(e.getMessage()));
            return Status.error(e.getMessage(), e);
        } finally {
            monitor.done();
        }
    }

    private final class Progress implements BootStorm.Progress {
        private final IProgressMonitor monitor;
        private int reported;

        Progress(IProgressMonitor monitor) {
            this.monitor = monitor;
        }

        @Override
        public void report(String what, int done, int all) {
            var words = NLS.bind(Messages.Storm_Booting, new Object[] {what, done, all});
            monitor.subTask(words);
            monitor.worked(done - reported);
            reported = done;
            BootStormJob.this.report.accept(words, done);
        }

        @Override
        public boolean cancelled() {
            return monitor.isCanceled();
        }
    }
}
