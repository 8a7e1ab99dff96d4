package org.triplel.agent.api;

/**
 * Something that happened on a host and is worth a line.
 *
 * @param timeMillis milliseconds since 1970
 * @param severity how urgent it is
 * @param host the NAS client
 * @param vm the VM concerned, or empty
 * @param operation what was being done
 * @param message what happened, and what to do if something is wrong
 */
public record AgentEvent(long timeMillis, Severity severity, String host, String vm, String operation, String message) {

    /** How urgent an event is. */
    public enum Severity {
        INFO,
        WARNING,
        ERROR
    }
}
