package org.triplel.hypervisor;

/** The hypervisor refused a request, or could not be asked. The message names the domain, the operation and the reason. */
public final class HypervisorException extends Exception {

    private static final long serialVersionUID = 1L;

    public HypervisorException(String message) {
        super(message);
    }

    public HypervisorException(String message, Throwable cause) {
        super(message, cause);
    }
}
