package org.triplel.app;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.core.runtime.IProgressMonitor;
import org.eclipse.core.runtime.IStatus;
import org.eclipse.core.runtime.Status;
import org.eclipse.core.runtime.jobs.IJobChangeEvent;
import org.eclipse.core.runtime.jobs.ISchedulingRule;
import org.eclipse.core.runtime.jobs.Job;
import org.eclipse.core.runtime.jobs.JobChangeAdapter;
import org.eclipse.ui.progress.IProgressConstants;
import org.triplel.agent.api.AgentEvent;
import org.triplel.cluster.Fleet;
import org.triplel.cluster.Host;
import org.triplel.lab.LabException;
import org.triplel.lab.Progress;

/** Starts and stops the world in jobs, and connects the fleet to its hosts. */
final class LabControl {

    /** What is known of the world. */
    enum State {
        STOPPED,
        STARTING,
        RUNNING,
        STOPPING,
        FAILED
    }

    private interface Work {
        void run(Progress progress) throws LabException;
    }

    /** One job at a time. */
    private static final class Rule implements ISchedulingRule {
        @Override
        public boolean contains(ISchedulingRule rule) {
            return rule == this;
        }

        @Override
        public boolean isConflicting(ISchedulingRule rule) {
            return rule == this;
        }
    }

    private final World world;
    private final Fleet fleet;
    private final Rule rule = new Rule();
    private final AtomicReference<State> state = new AtomicReference<>(State.STOPPED);
    private volatile boolean ours;
    private volatile Optional<Job> newest = Optional.empty();

    LabControl(World world, Fleet fleet) {
        this.world = world;
        this.fleet = fleet;
    }

    State state() {
        return state.get();
    }

    /** Whether a start would change something, as far as is known. */
    boolean startable() {
        return switch (state.get()) {
            case STOPPED, FAILED -> true;
            case RUNNING -> fleet.inventory().hosts().stream().anyMatch(host -> host.link() instanceof Host.Lost);
            case STARTING, STOPPING -> false;
        };
    }

    World world() {
        return world;
    }

    /** Schedules the start. A world that ran before is not ended by {@link #end}. */
    Job start() {
        return schedule(Messages.Lab_Starting, State.STARTING, State.RUNNING, this::bringUp);
    }

    private void bringUp(Progress progress) throws LabException {
        ours = !world.running();
        var agents = world.start(progress);
        var known = fleet.inventory().hosts().stream().map(host -> host.name()).toList();
        agents.forEach((host, socket) -> {
            if (!known.contains(host)) {
                fleet.add(host, socket);
            }
        });
    }

    /** Schedules the end, also of a world that ran before. */
    Job stop() {
        return schedule(Messages.Lab_Stopping, State.STOPPING, State.STOPPED, progress -> {
            world.stop(progress);
            fleet.inventory().hosts().forEach(host -> fleet.remove(host.name()));
        });
    }

    /** Whether the application should end the world when it exits. */
    boolean endsWithApplication() {
        return ours
                && switch (state.get()) {
                    case STARTING, RUNNING, FAILED -> true;
                    case STOPPED, STOPPING -> false;
                };
    }

    /** Ends the world, and waits for that; a start that is under way is given up. */
    void end(IProgressMonitor monitor) throws LabException {
        newest.ifPresent(Job::cancel);
        world.stop(new Monitored(monitor));
        state.set(State.STOPPED);
    }

    private Job schedule(String name, State meanwhile, State then, Work work) {
        var job = Job.create(name, monitor -> {
            state.set(meanwhile);
            monitor.beginTask(name, IProgressMonitor.UNKNOWN);
            try {
                work.run(new Monitored(monitor));
                state.set(then);
                return Status.OK_STATUS;
            } catch (CancellationException e) {
                state.set(State.FAILED);
                return Status.CANCEL_STATUS;
            } catch (LabException | RuntimeException e) {
                state.set(State.FAILED);
                return failed(name, e);
            }
        });
        job.setRule(rule);
        job.setProperty(IProgressConstants.NO_IMMEDIATE_ERROR_PROMPT_PROPERTY, Boolean.TRUE);
        job.addJobChangeListener(new JobChangeAdapter() {
            @Override
            public void done(IJobChangeEvent event) {
                if (event.getResult().getSeverity() == IStatus.ERROR) {
                    job.setProperty(IProgressConstants.KEEP_PROPERTY, Boolean.TRUE);
                }
            }
        });
        newest = Optional.of(job);
        state.set(meanwhile); // so that nothing is offered in the moment before it begins
        job.schedule();
        return job;
    }

    private IStatus failed(String operation, Exception failure) {
        var message = String.valueOf(failure.getMessage());
        fleet.report(
                new AgentEvent(System.currentTimeMillis(), AgentEvent.Severity.ERROR, "lab", "", operation, message));
        return Status.error(message, failure);
    }

    record Monitored(IProgressMonitor monitor) implements Progress {
        @Override
        public void step(String text) {
            monitor.subTask(text);
        }

        @Override
        public boolean cancelled() {
            return monitor.isCanceled();
        }
    }
}
