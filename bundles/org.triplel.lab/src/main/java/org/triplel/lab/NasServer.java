package org.triplel.lab;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.triplel.block.Link;
import org.triplel.block.UnixSocket;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.NbdServer;

/** The lab's NAS: exports the images of a folder by NBD through the link, and is controlled on a socket of its own. */
final class NasServer implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(NasServer.class.getName());

    /** Out of file descriptors, the next try fails at once, too. */
    private static final Duration PAUSE_AFTER_FAILED_ACCEPT = Duration.ofMillis(100);

    private final Link link = new Link();
    private final NasFolder folder;
    private final NbdServer exports;
    private final UnixSocket control;
    private final Set<SocketChannel> controllers = ConcurrentHashMap.newKeySet();
    private volatile NasLink settings;
    private final long startedAt = System.nanoTime();

    NasServer(NasConfig config) throws IOException {
        set(config.link());
        folder = new NasFolder(config.folder(), link);
        exports = new NbdServer(config.socket(), folder, Clients.MANY);
        try {
            control = new UnixSocket(config.control());
        } catch (IOException e) {
            exports.close();
            throw e;
        }
        Thread.ofPlatform().daemon().name("nas control").start(this::accept);
    }

    /** Hangs up on all clients and waits for the requests under way. */
    @Override
    public void close() throws IOException {
        control.close();
        for (var controller : controllers) {
            controller.close();
        }
        exports.close();
        folder.close();
    }

    private synchronized void set(NasLink changed) {
        settings = changed;
        link.limit(
                changed.bytesPerSecond() == 0 ? Link.UNLIMITED : changed.bytesPerSecond(),
                Duration.of(changed.latencyMicros(), ChronoUnit.MICROS));
    }

    private void accept() {
        while (true) {
            try {
                var channel = control.accept();
                controllers.add(channel);
                JsonRpc.on(channel, new Control(), NoListener.class).startListening();
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.log(Level.ERROR, "accepting a controller at " + control.path(), e);
                LockSupport.parkNanos(PAUSE_AFTER_FAILED_ACCEPT.toNanos());
            }
        }
    }

    /** The NAS tells nothing by itself. */
    private interface NoListener {}

    private final class Control implements NasControl {

        @Override
        public CompletableFuture<NasLink> link() {
            return CompletableFuture.completedFuture(settings);
        }

        @Override
        public CompletableFuture<NasLink> setLink(NasLink changed) {
            set(changed);
            LOG.log(
                    Level.INFO,
                    "the link now carries {0} bytes/s with {1} us of latency",
                    Long.toString(changed.bytesPerSecond()),
                    Long.toString(changed.latencyMicros()));
            return CompletableFuture.completedFuture(changed);
        }

        @Override
        public CompletableFuture<NasCounters> counters() {
            var files = folder.traffic();
            var total = files.stream().reduce(new NasTraffic("", 0, 0, 0, 0, 0, 0), NasTraffic::plus);
            return CompletableFuture.completedFuture(new NasCounters(System.nanoTime() - startedAt, total, files));
        }
    }
}
