package org.triplel.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.triplel.block.SocketFile;

/**
 * An NBD server on one unix socket. It speaks the fixed newstyle handshake (go, info, list, structured replies, metadata
 * contexts base:allocation and x-triplel:class) and the baseline commands of proto.md, with block sizes 1, 4096 and 32 MiB. TLS, extended
 * headers and resize are not offered.
 *
 * <p>A failed request gets its errno and its connection lives on; a client that breaks the protocol loses its own
 * connection and nothing else.
 */
public final class NbdServer implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(NbdServer.class.getName());

    private static final Duration HANDSHAKE_TIME = Duration.ofSeconds(10);
    private static final long PAUSE_AFTER_FAILED_ACCEPT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Exports exports;
    private final Seats seats;
    private final Duration handshakeTime;
    private final Listener listener;
    private final Thread acceptor;
    private final Map<Thread, SocketTransport> connections = new HashMap<>();
    private boolean closed;

    /** Listens at {@code path} from now on; for errors see {@link SocketFile#SocketFile}. */
    public NbdServer(Path path, Exports exports, Clients clients) throws IOException {
        this(path, exports, clients, HANDSHAKE_TIME);
    }

    NbdServer(Path path, Exports exports, Clients clients, Duration handshakeTime) throws IOException {
        this.exports = exports;
        this.seats = new Seats(clients);
        this.handshakeTime = handshakeTime;
        this.listener = new Listener(path);
        this.acceptor =
                Thread.ofPlatform().daemon().name("nbd " + path.getFileName()).start(this::accept);
    }

    /**
     * Stops listening, hangs up on every client, and waits until no request is under way: for as long as the devices
     * take. Does not close the devices.
     */
    @Override
    public void close() throws IOException {
        List<Thread> running;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            connections.values().forEach(SocketTransport::close);
            running = List.copyOf(connections.keySet());
        }
        try {
            listener.close();
        } finally {
            join(acceptor);
            listener.release();
            running.forEach(NbdServer::join);
        }
    }

    private void accept() {
        while (true) {
            try {
                start(listener.accept());
            } catch (ClosedChannelException e) {
                return;
            } catch (Throwable e) { // an Error too: without memory or threads for this client, later ones may be served
                LOG.log(Level.ERROR, "accepting a client at " + listener.path(), e);
                LockSupport.parkNanos(PAUSE_AFTER_FAILED_ACCEPT_NANOS);
            }
        }
    }

    private synchronized void start(SocketTransport client) {
        if (closed) {
            client.release();
            return;
        }
        try {
            connections.put(Thread.ofPlatform().daemon().name("nbd connection").start(() -> serve(client)), client);
        } catch (Throwable noThread) {
            client.release();
            throw noThread;
        }
    }

    private void serve(SocketTransport client) {
        try {
            new NbdConnection(client, exports, seats, handshakeTime).run();
        } catch (EOFException | ClosedChannelException e) {
            LOG.log(Level.DEBUG, "a client of " + listener.path() + " hung up in the middle", e);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.WARNING, "a client of " + listener.path() + " lost its connection", e);
        } finally {
            synchronized (this) {
                connections.remove(Thread.currentThread());
            }
            client.release();
        }
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
