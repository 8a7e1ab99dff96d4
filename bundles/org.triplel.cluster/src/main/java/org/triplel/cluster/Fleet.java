package org.triplel.cluster;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.TrafficSample;
import org.triplel.agent.api.Vm;

/**
 * The hosts that the desktop is connected to. Safe for use by any thread; no method waits for a host, so the UI thread may
 * call them all.
 */
public final class Fleet implements AutoCloseable {

    /** How many events are kept. */
    public static final int EVENTS = 5_000;

    private final InstantSource clock;
    private final TrafficStore traffic;
    private final Map<String, Member> members = new LinkedHashMap<>();
    private final List<AgentEvent> events = new ArrayList<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final Pulse pulse = new Pulse("fleet listeners", () -> listeners.forEach(Runnable::run));
    private Inventory inventory = new Inventory(List.of(), List.of());
    private boolean stale;

    public Fleet(InstantSource clock) {
        this.clock = clock;
        this.traffic = new TrafficStore(clock);
    }

    /**
     * Connects to a host's agent, and again whenever it is lost.
     *
     * @throws IllegalStateException if there is already a host of this name
     */
    public void add(String host, Path socket) {
        var member = new Member(host, socket);
        synchronized (this) {
            if (members.putIfAbsent(host, member) != null) {
                member.connection.close();
                throw new IllegalStateException("There is already a host named " + host);
            }
            changed();
        }
        member.connection.start();
    }

    /** Forgets a host; its VMs run on. */
    public void remove(String host) {
        Member member;
        synchronized (this) {
            member = members.remove(host);
            changed();
        }
        if (member != null) {
            member.connection.close();
        }
    }

    /** What is known now. */
    public synchronized Inventory inventory() {
        if (stale) {
            inventory = new Inventory(
                    members.values().stream().map(Member::snapshot).toList(), List.copyOf(events));
            stale = false;
        }
        return inventory;
    }

    /** The traffic of the last hour. */
    public TrafficStore traffic() {
        return traffic;
    }

    /**
     * Has {@code listener} called on a thread of the fleet after the inventory changed; several changes may come as one call,
     * and calls are at least 50 ms apart. Close the result to end that.
     */
    public Subscription onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /**
     * Asks a host's agent for something. The future ends with an {@link AgentException} if the agent refuses or is lost.
     */
    public <T> CompletableFuture<T> call(String host, Function<AgentService, CompletableFuture<T>> request) {
        Member member;
        synchronized (this) {
            member = members.get(host);
        }
        if (member == null) {
            var error = new AgentError(AgentError.Kind.NOT_FOUND, "This host is not in the fleet.", "");
            return CompletableFuture.failedFuture(new AgentException(host, error, null));
        }
        return member.connection.call(request);
    }

    /** Adds an event of the desktop's own to those of the agents. */
    public synchronized void report(AgentEvent event) {
        record(event);
        changed();
    }

    /** Closes all connections; VMs run on. */
    @Override
    public void close() {
        List<String> hosts;
        synchronized (this) {
            hosts = List.copyOf(members.keySet());
        }
        hosts.forEach(this::remove);
        pulse.close();
    }

    private void changed() {
        stale = true;
        pulse.beat();
    }

    private void record(AgentEvent event) {
        events.add(event);
        if (events.size() > EVENTS) {
            events.subList(0, events.size() - EVENTS).clear();
        }
    }

    /** Ends a subscription. */
    public interface Subscription extends AutoCloseable {
        @Override
        void close();
    }

    /** One host, and what its agent said last. Guarded by the fleet. */
    private final class Member implements AgentObserver {
        private final String name;
        private final AgentConnection connection;
        private final Map<String, Vm> vms = new TreeMap<>();
        private final Map<String, Replica> replicas = new TreeMap<>();
        private Host.Link link = new Host.Connecting();
        private Optional<HostStatus> status = Optional.empty();

        Member(String name, Path socket) {
            this.name = name;
            this.connection = new AgentConnection(name, socket, this);
        }

        Host snapshot() {
            return new Host(name, link, status, List.copyOf(vms.values()), List.copyOf(replicas.values()));
        }

        private void heard(Runnable change) {
            synchronized (Fleet.this) {
                if (members.get(name) == this) {
                    change.run();
                    changed();
                }
            }
        }

        @Override
        public void connected(
                HostStatus now,
                List<Vm> allVms,
                List<Replica> allReplicas,
                List<AgentEvent> newest,
                List<PastExposures> exposures) {
            traffic.addPast(name, exposures);
            heard(() -> {
                link = new Host.Connected();
                status = Optional.of(now);
                vms.clear();
                allVms.forEach(vm -> vms.put(vm.name(), vm));
                replicas.clear();
                allReplicas.forEach(replica -> replicas.put(replica.base(), replica));
                merge(newest);
            });
        }

        private void merge(List<AgentEvent> newest) {
            Set<AgentEvent> all = new LinkedHashSet<>(events);
            all.addAll(newest);
            events.clear();
            all.stream()
                    .sorted(Comparator.comparingLong(AgentEvent::timeMillis))
                    .forEach(Fleet.this::record);
        }

        @Override
        public void lost(String reason) {
            synchronized (Fleet.this) {
                if (members.get(name) != this) {
                    return;
                }
                if (link instanceof Host.Lost(var since, var before)) {
                    link = new Host.Lost(since, reason);
                    if (before.equals(reason)) {
                        return;
                    }
                } else {
                    var now = clock.millis();
                    link = new Host.Lost(now, reason);
                    record(new AgentEvent(now, AgentEvent.Severity.ERROR, name, "", "Connect", reason));
                }
                changed();
            }
        }

        @Override
        public void vmChanged(Vm vm) {
            heard(() -> vms.put(vm.name(), vm));
        }

        @Override
        public void vmDeleted(String vm) {
            heard(() -> vms.remove(vm));
        }

        @Override
        public void replicaChanged(Replica replica) {
            heard(() -> replicas.put(replica.base(), replica));
        }

        @Override
        public void hostChanged(HostStatus now) {
            heard(() -> status = Optional.of(now));
        }

        @Override
        public void traffic(TrafficSample sample) {
            traffic.add(sample);
        }

        @Override
        public void event(AgentEvent event) {
            heard(() -> record(event));
        }
    }
}
