package org.triplel.cluster;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.eclipse.lsp4j.jsonrpc.Launcher;
import org.eclipse.lsp4j.jsonrpc.ResponseErrorException;
import org.eclipse.lsp4j.jsonrpc.json.MessageJsonHandler;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.TrafficSample;
import org.triplel.agent.api.Vm;

/**
 * A connection to one agent that comes back by itself: when the agent is lost, it is tried again after a delay that grows
 * from 250 ms to 8 s. All socket I/O is done on threads of this object, which nobody interrupts; callers get futures.
 */
final class AgentConnection implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(AgentConnection.class.getName());
    private static final Duration FIRST_DELAY = Duration.ofMillis(250);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(8);
    private static final Duration ANSWER_TIME = Duration.ofSeconds(10);

    private final String host;
    private final Path socket;
    private final AgentObserver observer;
    private final Gson gson = new MessageJsonHandler(Map.of()).getGson();
    private final ExecutorService sender;
    private final Set<CompletableFuture<?>> pending = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;
    private volatile Session session;

    /** Why there is none. */
    private volatile String problem = "it has not answered yet";

    /**
     * Connects as soon as {@link #start} is called.
     *
     * @param host the name the agent must answer to
     * @param socket the agent's unix socket
     * @param observer told what happens, on a thread of the connection
     */
    AgentConnection(String host, Path socket, AgentObserver observer) {
        this.host = host;
        this.socket = socket;
        this.observer = observer;
        this.sender = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("agent " + host + " sender").factory());
        this.thread = Thread.ofPlatform().daemon().name("agent " + host).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /**
     * Sends a request. The future ends with an {@link AgentException} if the agent refuses, is not connected, or is lost
     * before it answers.
     */
    <T> CompletableFuture<T> call(Function<AgentService, CompletableFuture<T>> request) {
        var result = new CompletableFuture<T>();
        pending.add(result);
        result.whenComplete((value, failure) -> pending.remove(result));
        try {
            sender.execute(() -> send(request, result));
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(lost("The connection is closed.", e));
        }
        return result;
    }

    private <T> void send(Function<AgentService, CompletableFuture<T>> request, CompletableFuture<T> result) {
        var current = session;
        if (current == null) {
            result.completeExceptionally(lost("The agent is not connected: " + problem + ".", null));
            return;
        }
        try {
            request.apply(current.service).whenComplete((value, failure) -> {
                if (failure == null) {
                    result.complete(value);
                } else {
                    result.completeExceptionally(explain(failure));
                }
            });
        } catch (RuntimeException e) {
            result.completeExceptionally(lost("The request could not be sent.", e));
        }
    }

    private AgentException explain(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof ResponseErrorException refusal
                && refusal.getResponseError().getData() instanceof JsonElement data) {
            try {
                return new AgentException(host, gson.fromJson(data, AgentError.class), cause);
            } catch (JsonParseException e) {
                cause.addSuppressed(e);
            }
        }
        var what = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new AgentException(host, new AgentError(AgentError.Kind.INTERNAL, what, ""), cause);
    }

    private AgentException lost(String what, Throwable cause) {
        var error = new AgentError(AgentError.Kind.CONFLICT, what, "Check that the agent runs on " + host + ".");
        return new AgentException(host, error, cause);
    }

    private void run() {
        var delay = FIRST_DELAY;
        while (closed.getCount() > 0) {
            String reason;
            try (var opened = new Session()) {
                opened.load();
                if (closed.getCount() == 0) {
                    opened.end();
                }
                delay = FIRST_DELAY;
                reason = opened.untilEnd();
            } catch (IOException e) {
                reason = e.getMessage() == null ? e.toString() : e.getMessage();
            } finally {
                session = null;
            }
            for (var unanswered : List.copyOf(pending)) {
                unanswered.completeExceptionally(lost("The agent was lost before it answered.", null));
            }
            if (closed.getCount() > 0) {
                problem = reason;
                LOG.log(System.Logger.Level.DEBUG, "{0}: no connection to {1}: {2}", host, socket, reason);
                observer.lost(reason);
                pause(delay);
                delay = delay.multipliedBy(2).compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : delay.multipliedBy(2);
            }
        }
    }

    private void pause(Duration delay) {
        try {
            closed.await(delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("the connection's thread is interrupted by nobody", e);
        }
    }

    /** Ends the connection; requests under way end with an {@link AgentException}. Does not wait for its threads. */
    @Override
    public void close() {
        closed.countDown();
        var current = session;
        if (current != null) {
            current.end();
        }
        sender.shutdown();
    }

    /** One life of the connection: from connecting to losing the agent. */
    private final class Session implements AutoCloseable, AgentListener {
        private final SocketChannel channel;
        private final ExecutorService reader = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("agent " + host + " reader").factory());
        private final List<Runnable> held = new ArrayList<>();
        private final Future<Void> listening;
        private boolean loaded;
        final AgentService service;

        Session() throws IOException {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
            } catch (IOException | IllegalArgumentException e) {
                channel.close();
                reader.shutdown();
                throw new IOException("Nobody answers on " + socket + " (" + e.getMessage() + ")", e);
            }
            var launcher = new Launcher.Builder<AgentService>()
                    .setLocalService(this)
                    .setRemoteInterface(AgentService.class)
                    .setInput(Channels.newInputStream(channel))
                    .setOutput(Channels.newOutputStream(channel))
                    .setExecutorService(reader)
                    .create();
            service = launcher.getRemoteProxy();
            listening = launcher.startListening();
        }

        void load() throws IOException {
            var status = answer(service.host());
            if (status.version() != AgentService.VERSION) {
                throw new IOException("The agent speaks version " + status.version() + " of the protocol, this program "
                        + AgentService.VERSION + ". Install the same release of Triple-L on both.");
            }
            if (!status.name().equals(host)) {
                throw new IOException("The agent on " + socket + " belongs to the host " + status.name() + ", not to "
                        + host + ". Correct the connection's socket or name.");
            }
            var vms = answer(service.vms());
            var replicas = answer(service.replicas());
            var events = answer(service.events());
            var exposures = answer(service.pastExposures());
            synchronized (this) {
                session = this; // whoever hears of it may ask at once
                observer.connected(status, vms, replicas, events, exposures);
                // what was told meanwhile may be newer than the lists
                held.forEach(Runnable::run);
                held.clear();
                loaded = true;
            }
        }

        private <T> T answer(CompletableFuture<T> future) throws IOException {
            try {
                return future.get(ANSWER_TIME.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                throw new IOException("The agent does not answer within " + ANSWER_TIME.toSeconds() + " s", e);
            } catch (ExecutionException e) {
                throw new IOException(explain(e.getCause()).getMessage(), e);
            } catch (InterruptedException e) {
                throw new IllegalStateException("the connection's thread is interrupted by nobody", e);
            }
        }

        String untilEnd() {
            try {
                listening.get();
                return "The agent closed the connection";
            } catch (ExecutionException e) {
                return String.valueOf(e.getCause().getMessage());
            } catch (InterruptedException e) {
                throw new IllegalStateException("the connection's thread is interrupted by nobody", e);
            }
        }

        /** Ends {@link #untilEnd}: the reader sees the end of its input, rather than a failure. */
        void end() {
            try {
                channel.shutdownInput();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, host + ": closing the connection", e);
            }
        }

        @Override
        public void close() {
            end();
            untilEnd();
            try {
                channel.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, host + ": closing the connection", e);
            }
            reader.shutdown();
        }

        private synchronized void tell(Runnable news) {
            if (loaded) {
                news.run();
            } else {
                held.add(news);
            }
        }

        @Override
        public void vmChanged(Vm vm) {
            tell(() -> observer.vmChanged(vm));
        }

        @Override
        public void vmDeleted(String vm) {
            tell(() -> observer.vmDeleted(vm));
        }

        @Override
        public void replicaChanged(Replica replica) {
            tell(() -> observer.replicaChanged(replica));
        }

        @Override
        public void hostChanged(HostStatus status) {
            tell(() -> observer.hostChanged(status));
        }

        @Override
        public void traffic(TrafficSample sample) {
            tell(() -> observer.traffic(sample));
        }

        @Override
        public void event(AgentEvent event) {
            tell(() -> observer.event(event));
        }
    }
}
