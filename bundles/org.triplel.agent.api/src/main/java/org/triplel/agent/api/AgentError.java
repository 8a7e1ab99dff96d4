package org.triplel.agent.api;

/**
 * Why a request could not be met, sent as the {@code data} of a JSON-RPC error.
 *
 * @param kind what sort of failure
 * @param what what failed, naming the object and the file
 * @param remedy what to do about it
 */
public record AgentError(Kind kind, String what, String remedy) {

    /** The JSON-RPC error code that every agent error carries. */
    public static final int CODE = 1000;

    /** The sorts of failure that a caller may want to tell apart. */
    public enum Kind {
        /** The request itself makes no sense. */
        INVALID,
        /** The VM, base image or replica is not known. */
        NOT_FOUND,
        /** Not possible in the present state. */
        CONFLICT,
        /** The NAS cannot be reached or refuses. */
        NAS,
        /** The local disk is full or broken. */
        LOCAL_DISK,
        /** libvirt or QEMU refuses. */
        HYPERVISOR,
        /** A fault of ours. */
        INTERNAL
    }

    /** The sentence that people read. */
    public String message() {
        return remedy.isEmpty() ? what : what + " " + remedy;
    }
}
