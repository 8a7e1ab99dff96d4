package org.triplel.agent;

import java.io.IOException;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.DomainPlacement;

/** The disks of VMs, as those see them. Calls for one VM come one after another. */
interface VmDisks {

    /**
     * Attaches a VM's disk, unless it is: when this returns, QEMU can connect to it. Undoes what it did if it fails.
     *
     * @param guest decides what becomes of changes that an earlier life of the disk left, see {@link Spools}
     */
    void attach(DiskRecord vm, Guest guest) throws AgentException;

    /**
     * Flushes the disk of a VM that is off, and closes its images. One that an earlier agent left attached is attached for
     * that first.
     *
     * @param guest whether what it has swapped may be forgotten
     * @throws AgentException something is not on the NAS yet; it is kept here and written by the next attach
     */
    void detach(String vm, Guest guest) throws AgentException;

    /**
     * Drops what is kept for the overlay of a VM that is stopped, because the overlay is about to go.
     *
     * @throws AgentException an image daemon may still have the overlay open, so that it must stay
     * @throws IOException what is kept here cannot be removed
     */
    void discard(DiskRecord vm) throws AgentException, IOException;

    /**
     * Changes where parts of a VM's disk are kept, if it is attached. Does not wait for what has to move; an event tells when
     * it has.
     */
    void place(String vm, DomainPlacement placement) throws AgentException;

    /** Whether not all of a disk that is attached is where it is placed, or the move there is not over. */
    boolean changing(String vm);

    /** Whether a disk is attached that has no journal that can be kept on this host. */
    boolean keepsNoJournal(String vm);

    /**
     * Brings home what of an attached disk would be lost with the host. Takes long.
     *
     * @return whether there was anything
     */
    boolean bringHome(String vm) throws AgentException;

    /**
     * What a VM that is off wrote last, and what is not on the NAS, is not waited for any more: its overlay is used as it is.
     *
     * @param lostHost the host that is said to be lost
     * @return whether there is something that is waited for
     * @throws AgentException another host has it
     */
    boolean giveUp(DiskRecord vm, String lostHost) throws AgentException;

    /**
     * A VM that is off may be reset and deleted, although a lost host has the journal of its file system; it is not started
     * without.
     *
     * @return whether another host has it
     * @throws AgentException yet another one has it
     */
    boolean giveUpJournal(DiskRecord vm, String lostHost) throws AgentException;

    /** @throws AgentException somebody uses the overlay of a VM that is off, or not all of it is on the NAS yet */
    void refuseIfUsed(DiskRecord vm) throws AgentException;

    /** Its overlay is another one now, or does without what was left: that is not waited for any more. */
    void forgetLeft(String vm);

    /** Whether something of a VM that is off is on this host, and not on the NAS. */
    boolean isLeft(String vm);

    /** Serves the disks of a VM that are attached once more, under other names, for a client that must not live longer. */
    OneOffExports serveOnce(String vm);

    /** What lies where on a disk that is attached. */
    SemanticMap layout(String vm);

    /** What is wrong with a disk that is attached or should no longer be, and what to do, or empty. */
    String problem(String vm);
}
