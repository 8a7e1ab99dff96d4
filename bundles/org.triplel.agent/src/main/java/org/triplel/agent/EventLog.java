package org.triplel.agent;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentEvent.Severity;

/** What happened on this host: the newest events are kept for desktops, all of them go to the log. */
final class EventLog {

    private static final System.Logger LOG = System.getLogger(EventLog.class.getName());
    private static final int KEPT = 1_000;

    private final String host;
    private final Consumer<AgentEvent> listener;
    private final Deque<AgentEvent> newest = new ArrayDeque<>();

    /** @param listener told every event, in order; must not block */
    EventLog(String host, Consumer<AgentEvent> listener) {
        this.host = host;
        this.listener = listener;
    }

    /** @param vm the VM concerned, or empty */
    synchronized void add(Severity severity, String vm, String operation, String message) {
        var event = new AgentEvent(System.currentTimeMillis(), severity, host, vm, operation, message);
        LOG.log(
                switch (severity) {
                    case INFO -> Level.INFO;
                    case WARNING -> Level.WARNING;
                    case ERROR -> Level.ERROR;
                },
                () -> host + (vm.isEmpty() ? "" : ", " + vm) + ", " + operation + ": " + message);
        if (newest.size() == KEPT) {
            newest.removeFirst();
        }
        newest.addLast(event);
        listener.accept(event);
    }

    /** The newest events, oldest first. */
    synchronized List<AgentEvent> newest() {
        return List.copyOf(newest);
    }
}
