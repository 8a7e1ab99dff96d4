package org.triplel.hypervisor;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.ptr.IntByReference;
import org.libvirt.Connect;
import org.libvirt.Domain;
import org.libvirt.Error;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;
import org.libvirt.jna.DomainPointer;
import org.libvirt.jna.Libvirt;

/** A connection that also knows why a domain is in its state, and sets its memory for good: the Java binding leaves that out. */
final class Connection extends Connect {

    /** The part of libvirt's C interface that the Java binding lacks. */
    public interface MissingCalls extends Library {
        int virDomainGetState(DomainPointer domain, IntByReference state, IntByReference reason, int flags);

        int virDomainSetMemoryFlags(DomainPointer domain, NativeLong kibibytes, int flags);
    }

    // virDomainState of libvirt-domain.h
    private static final int PAUSED = 3;
    private static final int SHUTDOWN = 4;
    private static final int SHUTOFF = 5;
    private static final int CRASHED = 6;
    private static final int PMSUSPENDED = 7;
    // virDomainPausedReason and virDomainShutoffReason
    private static final int PAUSED_IOERROR = 5;
    private static final int SHUTOFF_CRASHED = 3;
    private static final int SHUTOFF_SAVED = 5;

    private static final MissingCalls LIBVIRT = Native.load("virt", MissingCalls.class);

    Connection(String uri) throws LibvirtException {
        super(uri);
    }

    /**
     * What the domain does.
     *
     * @throws LibvirtException there is no such domain, or libvirt does not answer
     * @throws HypervisorException libvirt stopped answering meanwhile
     */
    DomainState state(String name) throws LibvirtException, HypervisorException {
        boolean saved = saved(domainLookupByName(name)); // says why, if it fails
        var domain = Libvirt.INSTANCE.virDomainLookupByName(vcp, name);
        if (domain == null) {
            throw unknown(name);
        }
        var state = new IntByReference();
        var reason = new IntByReference();
        var result = LIBVIRT.virDomainGetState(domain, state, reason, 0);
        Libvirt.INSTANCE.virDomainFree(domain);
        if (result != 0) {
            throw unknown(name);
        }
        return switch (state.getValue()) {
            case PAUSED -> reason.getValue() == PAUSED_IOERROR ? DomainState.DISK_FAILED : DomainState.PAUSED;
            case PMSUSPENDED -> DomainState.PAUSED;
            case SHUTDOWN -> DomainState.SHUTTING_DOWN;
            case SHUTOFF ->
                switch (reason.getValue()) {
                    case SHUTOFF_CRASHED -> DomainState.CRASHED;
                    case SHUTOFF_SAVED -> DomainState.SAVED;
                    default -> saved ? DomainState.SAVED : DomainState.OFF;
                };
            case CRASHED -> DomainState.CRASHED;
            default -> DomainState.RUNNING;
        };
    }

    /** Whether libvirt keeps the memory of a domain. */
    private static boolean saved(Domain domain) throws LibvirtException {
        try {
            return domain.hasManagedSaveImage() == 1;
        } catch (LibvirtException e) {
            if (e.getError().getCode() == ErrorNumber.VIR_ERR_NO_SUPPORT) {
                return false; // the hypervisor cannot
            }
            throw e;
        } finally {
            domain.free();
        }
    }

    /**
     * Says how much memory the domain's balloon is to leave to the guest.
     *
     * @param flags of virDomainModificationImpact: whether that is for now, for later, or for both
     * @throws LibvirtException there is no such domain, or libvirt does not answer
     * @throws HypervisorException libvirt refuses
     */
    void setMemory(String name, int mebibytes, int flags) throws LibvirtException, HypervisorException {
        domainLookupByName(name).free(); // says why, if it fails
        var domain = Libvirt.INSTANCE.virDomainLookupByName(vcp, name);
        if (domain == null) {
            throw new HypervisorException("domain " + name + " is gone");
        }
        try {
            if (LIBVIRT.virDomainSetMemoryFlags(domain, new NativeLong(mebibytes * 1024L), flags) != 0) {
                throw new HypervisorException(new Error(Libvirt.INSTANCE.virGetLastError()).getMessage());
            }
        } finally {
            Libvirt.INSTANCE.virDomainFree(domain);
        }
    }

    private static HypervisorException unknown(String name) {
        return new HypervisorException("libvirt does not tell the state of domain " + name + ".");
    }
}
