package org.triplel.cluster;

import org.triplel.agent.api.AgentError;

/** A request that an agent refused, or that never reached it. */
public final class AgentException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient AgentError error;

    AgentException(String host, AgentError error, Throwable cause) {
        super(host + ": " + error.message(), cause);
        this.error = error;
    }

    /** What failed and what to do. */
    public AgentError error() {
        return error;
    }
}
