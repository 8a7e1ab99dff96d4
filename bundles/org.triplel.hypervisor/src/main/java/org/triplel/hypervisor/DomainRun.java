package org.triplel.hypervisor;

/**
 * What is known of a domain's latest start. It is kept in the domain's metadata, so that it outlives the agent.
 *
 * @param startedAtMillis milliseconds since 1970, or 0 if it was never started
 * @param readyAfterMillis how long after that the guest answered, in milliseconds, or -1 as long as it has not
 */
public record DomainRun(long startedAtMillis, long readyAfterMillis) {

    public static final DomainRun NEVER = new DomainRun(0, -1);

    public static DomainRun startedAt(long startedAtMillis) {
        return new DomainRun(startedAtMillis, -1);
    }

    /** This run with a guest that answered at {@code nowMillis}, unless it had answered before. */
    public DomainRun readyAt(long nowMillis) {
        return readyAfterMillis >= 0 ? this : new DomainRun(startedAtMillis, Math.max(0, nowMillis - startedAtMillis));
    }
}
