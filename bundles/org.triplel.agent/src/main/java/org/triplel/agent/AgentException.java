package org.triplel.agent;

import org.eclipse.lsp4j.jsonrpc.ResponseErrorException;
import org.eclipse.lsp4j.jsonrpc.messages.ResponseError;
import org.triplel.agent.api.AgentError;

/** A request that cannot be met, with what the desktop is told about it. */
final class AgentException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient AgentError error;

    AgentException(AgentError.Kind kind, String what, String remedy) {
        this(kind, what, remedy, null);
    }

    AgentException(AgentError.Kind kind, String what, String remedy, Throwable cause) {
        super(remedy.isEmpty() ? what : what + " " + remedy, cause);
        this.error = new AgentError(kind, what, remedy);
    }

    static AgentException invalid(String what, String remedy) {
        return new AgentException(AgentError.Kind.INVALID, what, remedy);
    }

    static AgentException conflict(String what, String remedy) {
        return new AgentException(AgentError.Kind.CONFLICT, what, remedy);
    }

    static AgentException notFound(String what, String remedy) {
        return new AgentException(AgentError.Kind.NOT_FOUND, what, remedy);
    }

    AgentError error() {
        return error;
    }

    /** This failure as the answer to a JSON-RPC request. */
    ResponseErrorException toResponse() {
        var response = new ResponseErrorException(new ResponseError(AgentError.CODE, error.message(), error));
        response.initCause(this);
        return response;
    }
}
