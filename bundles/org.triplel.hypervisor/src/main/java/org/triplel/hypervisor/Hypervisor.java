package org.triplel.hypervisor;

import java.util.List;
import java.util.Optional;

/**
 * What runs guests on a host. Thread-safe; a call blocks its thread until the hypervisor has answered or a deadline has
 * passed, and never keeps another call from being made.
 */
public interface Hypervisor extends AutoCloseable {

    /** Connects in the background, and again whenever the connection is lost, until {@link #close()}. Call it once. */
    void open(HypervisorListener listener);

    /** What it is, with versions, for people to read. */
    String description() throws HypervisorException;

    /** Defines a domain that does not exist yet, placed so from the first moment on, without starting it. */
    void define(DomainXml domain, DomainPlacement placement) throws HypervisorException;

    /** A domain as it is now; empty if it is not defined, or not Triple-L's. */
    Optional<DomainStatus> find(String domain) throws HypervisorException;

    /** What the domain does now; one that is not defined is off. */
    DomainState state(String domain) throws HypervisorException;

    /** Forgets a domain that is off; done if it is not defined. */
    void undefine(String domain) throws HypervisorException;

    /** Notes the start time in the domain's metadata and starts it; done when QEMU runs. */
    void start(String domain, long nowMillis) throws HypervisorException;

    /** Lets a paused domain go on; requests that failed are tried again. */
    void resume(String domain) throws HypervisorException;

    /** Asks the guest to shut down, through its agent if it has one that answers, otherwise by the power button. */
    void shutdown(String domain) throws HypervisorException;

    /** Ends the domain at once. */
    void destroy(String domain) throws HypervisorException;

    /** Notes what is known of a running domain's start in its metadata. */
    void note(String domain, DomainRun run) throws HypervisorException;

    /** Notes in a domain's metadata where parts of its disk are kept. */
    void place(String domain, DomainPlacement placement) throws HypervisorException;

    /** Sees to it that a domain that is off has these disks besides its own, as /dev/vdb and so on, and no others. */
    void giveDisks(String domain, List<DomainXml.NbdDisk> disks) throws HypervisorException;

    /**
     * Sees to it that the kernel of a domain that is off mounts its root file system with an option, or without it. A domain
     * whose disk boots by itself stays as it is.
     */
    void setRootOption(String domain, String option, boolean wanted) throws HypervisorException;

    /** What the domain has of memory now. */
    DomainMemory memory(String domain) throws HypervisorException;

    /**
     * Says how much memory the domain's balloon is to leave to the guest: now, if it runs, and whenever it is started. The
     * guest takes its time, and need not obey.
     *
     * @param mebibytes at most what the domain can have
     * @throws HypervisorException also if the domain runs and has no balloon
     */
    void setMemory(String domain, int mebibytes) throws HypervisorException;

    /** Notes in a domain's metadata whether it is to be given more memory without being asked. */
    void giveMemory(String domain, boolean byItself) throws HypervisorException;

    /**
     * Has a running guest write in place what the journals of its file systems hold: its guest agent freezes them for a
     * moment. Takes as long as that takes.
     *
     * @throws HypervisorException there is no guest agent, or it could not; the guest runs on
     */
    void checkpoint(String domain) throws HypervisorException;

    /** Ends the connection; domains run on. */
    @Override
    void close();
}
