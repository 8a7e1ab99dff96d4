package org.triplel.agent;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.agent.api.ConsoleOutput;
import org.triplel.block.FileDevice;
import org.triplel.block.UnixSocket;
import org.triplel.hypervisor.DomainXml.SerialConsole;

/**
 * A VM's serial console. QEMU writes what the guest prints to a log file; what is typed goes to QEMU's socket. The guest
 * decides how much it prints, so only the newest output is kept: older parts of the file are given back to the disk.
 */
final class Console implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Console.class.getName());

    private static final long KEPT_BYTES = 4 << 20;
    private static final int PIECE_BYTES = 64 << 10;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final SerialConsole console;
    private final Duration patience;

    /** Held while something is typed, which may take long; nothing else waits for it. */
    private final ReentrantLock typing = new ReentrantLock();

    private final AtomicReference<Optional<SocketChannel>> keyboard = new AtomicReference<>(Optional.empty());
    private long droppedTo;

    Console(SerialConsole console) {
        this(console, PATIENCE);
    }

    /** @param patience how long a guest may read nothing of what is typed */
    Console(SerialConsole console, Duration patience) {
        this.console = console;
        this.patience = patience;
    }

    /** Output from {@code offset} on; an incomplete character at the end is left for the next call. */
    ConsoleOutput read(long offset) throws IOException {
        try (var log = FileChannel.open(console.log(), StandardOpenOption.READ)) {
            long size = log.size();
            long start = offset < 0 || offset > size ? 0 : offset;
            start = Math.max(start, size - KEPT_BYTES);
            var bytes = ByteBuffer.allocate((int) Math.clamp(size - start, 0, PIECE_BYTES));
            while (bytes.hasRemaining() && log.read(bytes, start + bytes.position()) >= 0) {
                // goes on
            }
            bytes.flip();
            var text = CharBuffer.allocate(bytes.remaining());
            StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .decode(bytes, text, false);
            return new ConsoleOutput(
                    start, start + bytes.position(), text.flip().toString());
        } catch (NoSuchFileException neverStarted) {
            return new ConsoleOutput(0, 0, "");
        }
    }

    /**
     * Types into the console of a running VM.
     *
     * @throws SocketTimeoutException the guest does not read
     * @throws IOException the VM does not run
     */
    void type(String text) throws IOException {
        var bytes = StandardCharsets.UTF_8.encode(text);
        if (!tryTyping()) {
            throw notRead();
        }
        try {
            write(bytes);
        } catch (SocketTimeoutException unread) {
            throw unread;
        } catch (IOException e) {
            // The connection may be one to an earlier life of the VM.
            close();
            write(bytes.rewind());
        } finally {
            typing.unlock();
        }
    }

    private boolean tryTyping() throws InterruptedIOException {
        try {
            return typing.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for console " + console.socket());
        }
    }

    /** QEMU takes no more once its own buffer is full; only hanging up ends a write that waits for it. */
    private void write(ByteBuffer bytes) throws IOException {
        var channel = connected();
        var late = new AtomicBoolean();
        var limit = CompletableFuture.runAsync(
                () -> {
                    late.set(true);
                    hangUp(channel);
                },
                CompletableFuture.delayedExecutor(patience.toNanos(), TimeUnit.NANOSECONDS));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (ClosedChannelException e) {
            throw late.get() ? notRead() : e;
        } finally {
            limit.cancel(false);
        }
    }

    private SocketTimeoutException notRead() {
        return new SocketTimeoutException("the guest has read nothing for " + patience.toSeconds() + " s");
    }

    private SocketChannel connected() throws IOException {
        var current = keyboard.get();
        if (current.isPresent()) {
            return current.get();
        }
        var channel = UnixSocket.connect(console.socket());
        keyboard.set(Optional.of(channel));
        Thread.ofPlatform()
                .daemon()
                .name("console " + console.socket().getFileName())
                .start(() -> discard(channel));
        return channel;
    }

    /** The output is in the log; a client that does not read it would hold the guest up. */
    private void discard(SocketChannel channel) {
        var bytes = ByteBuffer.allocate(PIECE_BYTES);
        try (channel) {
            while (channel.read(bytes.clear()) >= 0) {
                // goes on
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "console " + console.socket(), e);
        }
        hangUp(channel);
    }

    private void hangUp(SocketChannel channel) {
        try (channel) {
            keyboard.updateAndGet(kept -> kept.filter(current -> current != channel));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "console " + console.socket(), e);
        }
    }

    /** Gives back what is not kept. */
    synchronized void trim() throws IOException {
        if (!Files.exists(console.log())) {
            return;
        }
        long keptFrom = Files.size(console.log()) - KEPT_BYTES;
        if (keptFrom < droppedTo) {
            droppedTo = 0; // the VM was started anew
        }
        if (keptFrom - droppedTo > KEPT_BYTES) {
            try (var log = FileDevice.open(console.log())) {
                log.trim(droppedTo, keptFrom - droppedTo);
            }
            droppedTo = keptFrom;
        }
    }

    /** Ends the connection, also under a {@link #type} that waits for the guest; typing makes a new one. */
    @Override
    public void close() throws IOException {
        keyboard.get().ifPresent(this::hangUp);
    }

    /** Removes the log of a VM that is stopped. */
    void delete() throws IOException {
        close();
        Files.deleteIfExists(console.log());
    }
}
