package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.ConsoleInput;
import org.triplel.agent.api.ConsoleOutput;
import org.triplel.agent.api.ConsoleRequest;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.LostHost;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.ShadowBase;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmExposure;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmMemory;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmWatch;

/** Answers desktops. No request is carried out on the thread that read it, so a slow one holds up no other. */
final class AgentApi implements AgentService {

    private static final System.Logger LOG = System.getLogger(AgentApi.class.getName());

    private static final int MAX_TYPED = 4_096;

    private interface Work<T> {
        T run() throws AgentException, IOException;
    }

    private final Vms vms;
    private final Disks disks;
    private final ExposureHistory exposures;
    private final Advisor advisor;
    private final VmMemories memories;
    private final ReplicaStore replicas;
    private final Bases bases;
    private final Supplier<HostStatus> host;
    private final EventLog events;
    private final Executor threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("request ", 0).factory());

    AgentApi(
            Vms vms,
            Disks disks,
            ExposureHistory exposures,
            Advisor advisor,
            VmMemories memories,
            ReplicaStore replicas,
            Bases bases,
            Supplier<HostStatus> host,
            EventLog events) {
        this.vms = vms;
        this.disks = disks;
        this.exposures = exposures;
        this.advisor = advisor;
        this.memories = memories;
        this.replicas = replicas;
        this.bases = bases;
        this.host = host;
        this.events = events;
    }

    private <T> CompletableFuture<T> answer(String operation, Work<CompletableFuture<T>> work) {
        var answer = new CompletableFuture<T>();
        threads.execute(() -> {
            try {
                work.run().whenComplete((value, failure) -> complete(operation, answer, value, failure));
            } catch (AgentException | IOException | RuntimeException e) {
                complete(operation, answer, null, e);
            }
        });
        return answer;
    }

    private <T> CompletableFuture<T> answerNow(String operation, Work<T> work) {
        return answer(operation, () -> CompletableFuture.completedFuture(work.run()));
    }

    private static <T> void complete(String operation, CompletableFuture<T> answer, T value, Throwable failure) {
        if (failure == null) {
            answer.complete(value);
            return;
        }
        var cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof AgentException known) {
            LOG.log(Level.DEBUG, operation, known);
            answer.completeExceptionally(known.toResponse());
        } else {
            LOG.log(Level.ERROR, operation, cause);
            answer.completeExceptionally(new AgentException(
                            AgentError.Kind.INTERNAL,
                            operation + " failed: " + cause + ".",
                            "See the agent's log.",
                            cause)
                    .toResponse());
        }
    }

    private static <T> T given(T parameter) throws AgentException {
        return Optional.ofNullable(parameter)
                .orElseThrow(() -> AgentException.invalid("The request lacks a parameter.", ""));
    }

    @Override
    public CompletableFuture<HostStatus> host() {
        return answerNow("host", host::get);
    }

    @Override
    public CompletableFuture<List<Vm>> vms() {
        return answer("vms", vms::listed);
    }

    @Override
    public CompletableFuture<List<BaseImage>> bases() {
        return answerNow("bases", bases::all);
    }

    @Override
    public CompletableFuture<Vm> defineVm(VmDefinition definition) {
        return answer("define VM", () -> {
            given(given(definition).name());
            given(definition.base());
            given(given(definition.placement()).base());
            given(definition.placement().swap());
            given(definition.placement().writes());
            given(definition.placement().acceptedBy());
            return vms.define(definition);
        });
    }

    @Override
    public CompletableFuture<Void> deleteVm(String vm) {
        return answer("delete VM", () -> vms.delete(given(vm)).thenApply(deleted -> null));
    }

    @Override
    public CompletableFuture<Vm> resetVm(String vm) {
        return answer("reset VM", () -> vms.reset(given(vm)));
    }

    @Override
    public CompletableFuture<Vm> startVm(String vm) {
        return answer("start VM", () -> vms.find(given(vm)).start());
    }

    @Override
    public CompletableFuture<Vm> shutdownVm(String vm) {
        return answer("shut down VM", () -> vms.find(given(vm)).shutdown());
    }

    @Override
    public CompletableFuture<Vm> killVm(String vm) {
        return answer("end VM", () -> vms.find(given(vm)).kill());
    }

    @Override
    public CompletableFuture<List<Replica>> replicas() {
        return answerNow("replicas", replicas::all);
    }

    @Override
    public CompletableFuture<Replica> setShadowBase(ShadowBase setting) {
        return answerNow(
                "Shadow-Base",
                () -> replicas.switchShadowBase(given(given(setting).base()), setting.enabled()));
    }

    @Override
    public CompletableFuture<Replica> fillReplica(String base) {
        return answerNow("fill replica", () -> replicas.fill(given(base)));
    }

    @Override
    public CompletableFuture<Replica> clearReplica(String base) {
        return answerNow("clear replica", () -> replicas.clear(given(base)));
    }

    @Override
    public CompletableFuture<List<VmExposure>> exposures() {
        return answerNow("exposures", disks::exposures);
    }

    @Override
    public CompletableFuture<List<PastExposures>> pastExposures() {
        return answerNow("past exposures", exposures::all);
    }

    @Override
    public CompletableFuture<Vm> placeVm(VmPlacement wanted) {
        return answer("place VM", () -> {
            given(given(given(wanted).placement()).base());
            given(wanted.placement().swap());
            given(wanted.placement().writes());
            given(wanted.placement().acceptedBy());
            return vms.find(given(wanted.vm())).place(wanted.placement());
        });
    }

    @Override
    public CompletableFuture<Vm> giveJournalDisk(VmJournalDisk wanted) {
        return answer("give journal disk", () -> {
            given(given(given(wanted).disk()).mode());
            given(wanted.disk().acceptedBy());
            return vms.findOwn(given(wanted.vm())).giveJournalDisk(wanted.disk());
        });
    }

    @Override
    public CompletableFuture<Vm> takeJournalDisk(String vm) {
        return answer("take journal disk", () -> vms.findOwn(given(vm)).takeJournalDisk());
    }

    @Override
    public CompletableFuture<Vm> cancelJournalDisk(String vm) {
        return answerNow("cancel journal disk", () -> {
            var found = vms.findOwn(given(vm));
            found.cancelJournalDisk();
            return found.snapshot();
        });
    }

    @Override
    public CompletableFuture<Vm> bringHome(String vm) {
        return answer("bring home", () -> vms.find(given(vm)).bringHome());
    }

    @Override
    public CompletableFuture<Vm> giveUp(LostHost lost) {
        return answer("give up", () -> vms.find(given(given(lost).vm())).giveUp(given(lost.host())));
    }

    @Override
    public CompletableFuture<RecoveryStatus> recovery(String vm) {
        return answerNow("recovery", () -> vms.find(given(vm)).recovery());
    }

    @Override
    public CompletableFuture<RecoveryStatus> recover(RecoveryRequest wanted) {
        return answer("recover", () -> {
            given(given(wanted).lostHost());
            given(given(wanted.saved()).log());
            given(wanted.saved().journals());
            given(wanted.saved().journalDisk());
            var vm = vms.findOwn(given(wanted.vm()));
            return vm.recover(wanted).thenCompose(_ -> recovery(vm.name()));
        });
    }

    @Override
    public CompletableFuture<RecoveryStatus> cancelRecovery(String vm) {
        return answerNow("cancel recovery", () -> {
            var found = vms.find(given(vm));
            found.cancelRecovery();
            return found.recovery();
        });
    }

    @Override
    public CompletableFuture<Vm> useRecovered(String vm) {
        return answer("use recovered", () -> vms.findOwn(given(vm)).useRecovered());
    }

    @Override
    public CompletableFuture<Vm> discardRecovered(String vm) {
        return answer("discard recovered", () -> vms.findOwn(given(vm)).discardRecovered());
    }

    @Override
    public CompletableFuture<Advice> watchVm(VmWatch watch) {
        return answerNow("watch VM", () -> {
            var vm = vms.find(given(given(watch).vm())).snapshot();
            return advisor.begin(watch, vm.placement());
        });
    }

    @Override
    public CompletableFuture<Advice> advice(String vm) {
        return answerNow("advice", () -> advisor.advice(vms.find(given(vm)).name()));
    }

    @Override
    public CompletableFuture<Advice> endWatch(String vm) {
        return answerNow("end watch", () -> advisor.end(vms.find(given(vm)).name()));
    }

    @Override
    public CompletableFuture<VmMemory> memory(String vm) {
        return answerNow("memory", () -> memories.now(vms.find(given(vm)).name()));
    }

    @Override
    public CompletableFuture<VmMemory> setMemory(MemoryTarget target) {
        return answerNow("set memory", () -> {
            vms.find(given(given(target).vm()));
            return memories.set(target);
        });
    }

    @Override
    public CompletableFuture<VmMemory> giveMemory(MemoryGiving giving) {
        return answerNow("give memory", () -> {
            vms.find(given(given(giving).vm()));
            return memories.set(giving);
        });
    }

    @Override
    public CompletableFuture<DiskMap> diskMap(String vm) {
        return answerNow("disk map", () -> disks.find(vms.find(given(vm)).name())
                .orElseThrow(() -> AgentException.conflict(
                        "The disk of " + vm + " is not attached.", "Start the VM: its disk can be looked at then."))
                .map());
    }

    @Override
    public CompletableFuture<ConsoleOutput> console(ConsoleRequest request) {
        return answerNow(
                "console", () -> vms.find(given(given(request).vm())).console().read(request.offset()));
    }

    @Override
    public CompletableFuture<Void> type(ConsoleInput input) {
        return answerNow("type", () -> {
            if (given(given(input).text()).length() > MAX_TYPED) {
                throw AgentException.invalid(
                        "That is too much to type at once.", "At most " + MAX_TYPED + " characters are possible.");
            }
            var vm = vms.find(given(input.vm()));
            try {
                vm.console().type(input.text());
            } catch (IOException e) {
                throw new AgentException(
                        AgentError.Kind.CONFLICT,
                        "The console of " + vm.name() + " takes no input: " + Failures.describe(e) + ".",
                        "Check that the VM is running and reads its serial line.",
                        e);
            }
            return null;
        });
    }

    @Override
    public CompletableFuture<List<AgentEvent>> events() {
        return answerNow("events", events::newest);
    }
}
