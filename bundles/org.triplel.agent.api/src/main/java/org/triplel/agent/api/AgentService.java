package org.triplel.agent.api;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.lsp4j.jsonrpc.services.JsonRequest;
import org.eclipse.lsp4j.jsonrpc.services.JsonSegment;

/**
 * What an agent does for the desktop, as JSON-RPC requests on its unix socket (Content-Length framing, as in the
 * Language Server Protocol). A request that cannot be met ends with an {@link AgentError}. Names of VMs and base images
 * are checked by the agent with {@link Names}.
 */
@JsonSegment("agent")
public interface AgentService {

    /** The protocol's version; a desktop and an agent of different versions refuse each other. */
    int VERSION = 13;

    @JsonRequest
    CompletableFuture<HostStatus> host();

    @JsonRequest
    CompletableFuture<List<Vm>> vms();

    /** The base images on the NAS, by name and version; asks the NAS, and waits for it. */
    @JsonRequest
    CompletableFuture<List<BaseImage>> bases();

    /**
     * Defines a VM on this host and creates its empty overlay on the NAS. Both or neither are there afterwards, also if the
     * agent dies meanwhile: the next one removes what is half made.
     */
    @JsonRequest
    CompletableFuture<Vm> defineVm(VmDefinition definition);

    /** Removes a stopped VM's definition and its overlay. */
    @JsonRequest
    CompletableFuture<Void> deleteVm(String vm);

    /** Replaces a stopped VM's overlay by an empty one, so that its disk is the base image again. */
    @JsonRequest
    CompletableFuture<Vm> resetVm(String vm);

    /** Attaches the VM's disks to the router and starts it; done when the hypervisor runs it. A paused VM goes on. */
    @JsonRequest
    CompletableFuture<Vm> startVm(String vm);

    /** Asks the guest to shut down; done when it was asked. */
    @JsonRequest
    CompletableFuture<Vm> shutdownVm(String vm);

    /** Ends the VM at once, as pulling its plug would. */
    @JsonRequest
    CompletableFuture<Vm> killVm(String vm);

    @JsonRequest
    CompletableFuture<List<Replica>> replicas();

    /** Takes effect at once, on running VMs too. */
    @JsonRequest
    CompletableFuture<Replica> setShadowBase(ShadowBase setting);

    /** Fetches and verifies what the replica lacks; done when that has begun. Progress comes as {@code replicaChanged}. */
    @JsonRequest
    CompletableFuture<Replica> fillReplica(String base);

    /** Drops the replica's content, so that it is fetched anew. */
    @JsonRequest
    CompletableFuture<Replica> clearReplica(String base);

    /**
     * Takes effect at once, on a running VM too, and is kept with the VM; what has to move does so afterwards: the VM is
     * {@linkplain Vm#changing changing} until it has, and an event tells when. Journals are placed on the host only if
     * somebody accepts the risk.
     */
    @JsonRequest
    CompletableFuture<Vm> placeVm(VmPlacement placement);

    /** What would be lost with this host now, of each VM whose disk is attached. */
    @JsonRequest
    CompletableFuture<List<VmExposure>> exposures();

    /** What would have been lost with this host in the last hour, of each VM of which anything would have been. */
    @JsonRequest
    CompletableFuture<List<PastExposures>> pastExposures();

    /**
     * Gives a VM that is off a disk on its host for the journal of its root file system, an ext4, and tells that file system to
     * use it; done when it is. Takes as long as a full check of the file system does. What ended in the middle is done by asking
     * again, or undone by {@link #takeJournalDisk}; the VM is not started before.
     */
    @JsonRequest
    CompletableFuture<Vm> giveJournalDisk(VmJournalDisk wanted);

    /**
     * Takes that disk away from a VM that is off, and the swap disk: what is in the journal is written in place, and the journal is
     * inside again.
     */
    @JsonRequest
    CompletableFuture<Vm> takeJournalDisk(String vm);

    /**
     * Ends one of both that waits for its turn, for only one VM of a host is worked on at a time: it fails then, and the file
     * system is as it was. What has begun to change the file system is refused, as it must come to its end.
     */
    @JsonRequest
    CompletableFuture<Vm> cancelJournalDisk(String vm);

    /**
     * Brings home, to the NAS, what of a running VM would be lost with its host (a checkpoint); done when it is there. What is
     * placed on the host goes there again afterwards.
     */
    @JsonRequest
    CompletableFuture<Vm> bringHome(String vm);

    /**
     * Lets a stopped VM be started from what the NAS has, although a host has not sent on what it wrote last: that host is lost
     * for good, and named as a confirmation of that. If it comes back, what it has is kept, and not used. A VM whose journal disk
     * that host has can be reset and deleted then, until the agent ends or that host uses the disk again; it is not started without.
     */
    @JsonRequest
    CompletableFuture<Vm> giveUp(LostHost lost);

    /** What is missing of a VM's disk since a host was lost, and how its recovery goes; looks at the disk if the VM is off. */
    @JsonRequest
    CompletableFuture<RecoveryStatus> recovery(String vm);

    /**
     * Begins to make a sound copy of the disk of a VM that is off, beside it; the disk itself stays as it is. Done when that has
     * begun. What is half made is removed if it fails, is cancelled, or the agent dies.
     */
    @JsonRequest
    CompletableFuture<RecoveryStatus> recover(RecoveryRequest wanted);

    /** Ends a recovery that is running; done when it was told so. */
    @JsonRequest
    CompletableFuture<RecoveryStatus> cancelRecovery(String vm);

    /**
     * Puts the copy in the place of the disk, which is kept beside it under another name, and gives up what the lost host has.
     * If the agent dies meanwhile, the next one does the rest.
     */
    @JsonRequest
    CompletableFuture<Vm> useRecovered(String vm);

    /** Removes the copy. */
    @JsonRequest
    CompletableFuture<Vm> discardRecovered(String vm);

    /**
     * Begins to watch what a running VM does to its disk, for some minutes; a watch that goes on is replaced. Where anything is
     * kept stays as it is.
     */
    @JsonRequest
    CompletableFuture<Advice> watchVm(VmWatch watch);

    /** What the newest watch of a VM has seen up to now, or had when it ended; kept until the VM is off or the agent ends. */
    @JsonRequest
    CompletableFuture<Advice> advice(String vm);

    /** Ends the watch of a VM before its time. */
    @JsonRequest
    CompletableFuture<Advice> endWatch(String vm);

    /** A VM's memory, as the hypervisor says now. */
    @JsonRequest
    CompletableFuture<VmMemory> memory(String vm);

    /**
     * Says how much memory a VM's balloon is to leave to its guest; kept with the VM. Less is taken from a running guest, which
     * swaps then, and ends programs if that is not enough; more is there as soon as the guest takes it.
     */
    @JsonRequest
    CompletableFuture<VmMemory> setMemory(MemoryTarget target);

    /**
     * Says whether a VM is given more memory by itself, once a minute at most, when that is proposed; kept with the VM. What
     * it was given is never taken back by itself.
     */
    @JsonRequest
    CompletableFuture<VmMemory> giveMemory(MemoryGiving giving);

    @JsonRequest
    CompletableFuture<DiskMap> diskMap(String vm);

    /** What the VM's serial console printed since {@code request.offset()}. */
    @JsonRequest
    CompletableFuture<ConsoleOutput> console(ConsoleRequest request);

    /** Types into the VM's serial console. */
    @JsonRequest
    CompletableFuture<Void> type(ConsoleInput input);

    /** The newest events, oldest first; the agent keeps 1,000. */
    @JsonRequest
    CompletableFuture<List<AgentEvent>> events();
}
