package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.eclipse.core.runtime.IProgressMonitor;
import org.eclipse.core.runtime.IStatus;
import org.eclipse.core.runtime.MultiStatus;
import org.eclipse.core.runtime.Status;
import org.eclipse.core.runtime.SubMonitor;
import org.eclipse.core.runtime.jobs.Job;
import org.eclipse.osgi.util.NLS;
import org.eclipse.ui.progress.IProgressConstants;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Fleet;

/**
 * Asks agents for something, with progress. Cancelling ends the waiting, and withdraws what can be withdrawn; what else an
 * agent was asked for, it does. A refusal becomes an event and stays in the Progress view; nothing pops up.
 */
public final class AgentJob extends Job {

    private static final int POLL_MILLIS = 100;

    /**
     * One request.
     *
     * @param host whose agent is asked
     * @param vm the VM concerned, or empty
     * @param request what is asked
     * @param withdrawal asked if the job is cancelled meanwhile
     */
    public record Request(
            String host,
            String vm,
            Function<AgentService, CompletableFuture<?>> request,
            Optional<Function<AgentService, CompletableFuture<?>>> withdrawal) {

        /** One that cannot be withdrawn. */
        public Request(String host, String vm, Function<AgentService, CompletableFuture<?>> request) {
            this(host, vm, request, Optional.empty());
        }
    }

    private final Fleet fleet;
    private final List<Request> requests;

    public AgentJob(String name, Fleet fleet, List<Request> requests) {
        super(name);
        this.fleet = fleet;
        this.requests = requests;
        setUser(false);
        setProperty(IProgressConstants.NO_IMMEDIATE_ERROR_PROMPT_PROPERTY, Boolean.TRUE);
    }

    /**
     * Asks for the same for each of some VMs.
     *
     * @param oneVm the job's name for one VM, with its name as {0}
     * @param manyVms the job's name for more, with their number as {0}
     * @param vms at least one
     */
    static AgentJob onVms(
            String oneVm,
            String manyVms,
            Fleet fleet,
            List<Vm> vms,
            BiFunction<AgentService, Vm, CompletableFuture<?>> request) {
        return onVms(
                oneVm, manyVms, fleet, vms, vm -> new Request(vm.host(), vm.name(), agent -> request.apply(agent, vm)));
    }

    /** As above, with a request made for each of the VMs. */
    static AgentJob onVms(String oneVm, String manyVms, Fleet fleet, List<Vm> vms, Function<Vm, Request> request) {
        var name = vms.size() == 1 ? NLS.bind(oneVm, vms.getFirst().name()) : NLS.bind(manyVms, vms.size());
        return new AgentJob(name, fleet, vms.stream().map(request).toList());
    }

    @Override
    protected IStatus run(IProgressMonitor monitor) {
        var progress = SubMonitor.convert(monitor, getName(), requests.size());
        var result = new MultiStatus(AgentJob.class, IStatus.OK, getName());
        // all are asked at once, as the hosts can work on them at the same time
        var answers = requests.stream().map(each -> ask(each, each.request)).toList();
        for (var i = 0; i < answers.size(); i++) {
            try {
                await(answers.get(i), progress);
            } catch (CancellationException e) {
                withdraw(answers);
                return Status.CANCEL_STATUS;
            } catch (ExecutionException e) {
                result.add(failed(requests.get(i), e.getCause()));
            }
            progress.worked(1);
        }
        if (!result.isOK()) {
            setProperty(IProgressConstants.KEEP_PROPERTY, Boolean.TRUE);
        }
        return result;
    }

    private CompletableFuture<?> ask(Request request, Function<AgentService, CompletableFuture<?>> question) {
        return fleet.call(request.host, service -> question.apply(service).thenApply(Object.class::cast));
    }

    /** A refusal says why the agent goes on. */
    private void withdraw(List<? extends CompletableFuture<?>> answers) {
        for (var i = 0; i < answers.size(); i++) {
            var request = requests.get(i);
            if (!answers.get(i).isDone() && request.withdrawal.isPresent()) {
                ask(request, request.withdrawal.get()).exceptionally(failure -> {
                    failed(request, failure instanceof CompletionException ? failure.getCause() : failure);
                    return null;
                });
            }
        }
    }

    private static void await(CompletableFuture<?> answer, IProgressMonitor monitor) throws ExecutionException {
        while (!monitor.isCanceled()) {
            try {
                answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                continue;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw cancelled(e);
            }
        }
        throw cancelled(null);
    }

    private static CancellationException cancelled(InterruptedException cause) {
        var cancellation = new CancellationException();
        cancellation.initCause(cause);
        return cancellation;
    }

    private IStatus failed(Request request, Throwable failure) {
        fleet.report(new AgentEvent(
                System.currentTimeMillis(),
                AgentEvent.Severity.ERROR,
                request.host,
                request.vm,
                getName(),
                failure.getMessage()));
        return new Status(IStatus.ERROR, AgentJob.class, failure.getMessage(), failure);
    }
}
