package org.triplel.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.triplel.block.BlockDevice;
import org.triplel.block.Extent;

/**
 * The transmission phase of one connection: its thread reads requests, workers carry them out and reply in whatever
 * order they finish. Every connection has workers of its own: were they shared, requests that wait for an image daemon
 * could take all of them, and the daemon, itself our client for its base image, would wait for ever.
 */
final class Transmission {

    private static final System.Logger LOG = System.getLogger(Transmission.class.getName());

    private static final int WORKERS = 16;
    private static final int BYTES_UNDER_WAY = 2 * Protocol.MAX_PAYLOAD_BYTES;
    private static final int MAX_EXTENTS = 8192;

    private final ByteChannel channel;
    private final Wire wire;
    private final Session session;
    private final BlockDevice device;
    private final Door door;
    private final Replies replies;
    private final Budget budget = new Budget(BYTES_UNDER_WAY);

    Transmission(ByteChannel channel, Wire wire, Session session) {
        this.channel = channel;
        this.wire = wire;
        this.session = session;
        this.device = session.device();
        this.door = new Door(session);
        this.replies = new Replies(wire, session);
    }

    /** Serves until the client leaves or hangs up. No request is under way when this returns. */
    void run() throws IOException {
        var threads = Thread.ofPlatform()
                .daemon()
                .name("nbd " + session.export() + " worker ", 0)
                .factory();
        var workers =
                new ThreadPoolExecutor(WORKERS, WORKERS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        workers.allowCoreThreadTimeOut(true);
        try (workers) { // waits for all of them
            serve(workers);
        }
    }

    private void serve(ThreadPoolExecutor workers) throws IOException {
        var header = ByteBuffer.allocate(Protocol.REQUEST_BYTES);
        while (readHeader(header)) {
            var request = Request.parse(header);
            Command command;
            try {
                command = door.admit(request);
            } catch (IOException refused) {
                LOG.log(Level.WARNING, "export {0}: {1}", session.export(), refused.getMessage());
                wire.skip(request.payloadBytes());
                replies.failed(request, refused);
                continue;
            }
            if (command == Command.DISC) {
                return;
            }
            int size = payloadBytes(command, request);
            budget.take(size);
            boolean handedOver = false;
            try {
                var data = buffer(command, request);
                workers.execute(() -> work(command, request, data, size));
                handedOver = true;
            } finally {
                if (!handedOver) {
                    budget.giveBack(size);
                }
            }
        }
    }

    /** Returns whether there is a further request: to hang up between two of them is one way to leave. */
    private boolean readHeader(ByteBuffer header) throws IOException {
        header.clear();
        try {
            wire.read(header);
        } catch (EOFException e) {
            if (header.position() == 0) {
                return false;
            }
            throw e;
        }
        header.flip();
        return true;
    }

    private static int payloadBytes(Command command, Request request) {
        return command == Command.READ || command == Command.WRITE ? (int) request.length() : 0;
    }

    /** What a write brought, room for what a read sends, nothing otherwise. */
    private ByteBuffer buffer(Command command, Request request) throws IOException {
        return switch (command) {
            case READ -> ByteBuffer.allocate(Replies.READ_HEADER_BYTES + (int) request.length());
            case WRITE -> wire.read((int) request.length());
            case DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS -> ByteBuffer.allocate(0);
        };
    }

    @FunctionalInterface
    private interface Answer {
        void send() throws IOException;
    }

    private void work(Command command, Request request, ByteBuffer data, int size) {
        try {
            answer(command, request, data).send();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "export " + session.export() + ": the client takes no reply", e);
            hangUp();
        } finally {
            budget.giveBack(size);
        }
    }

    private Answer answer(Command command, Request request, ByteBuffer data) {
        try {
            return carryOut(command, request, data);
        } catch (IOException | RuntimeException | Error e) {
            // Whatever it is, the client must hear of it: a request without a reply hangs a guest for ever.
            LOG.log(
                    Level.WARNING,
                    () -> "export " + session.export() + ": " + command + " at " + request.offset() + ", "
                            + request.length() + " bytes failed",
                    e);
            return () -> replies.failed(request, e);
        }
    }

    private Answer carryOut(Command command, Request request, ByteBuffer data) throws IOException {
        long offset = request.offset();
        long length = request.length();
        switch (command) {
            case READ -> {
                device.read(offset, data.slice(Replies.READ_HEADER_BYTES, (int) length));
                return () -> replies.data(request, data);
            }
            case BLOCK_STATUS -> {
                var extents = extents(offset, length, request.has(Protocol.CMD_FLAG_REQ_ONE) ? 1 : MAX_EXTENTS);
                return () -> replies.allocation(request, extents);
            }
            case WRITE -> device.write(offset, data);
            case WRITE_ZEROES -> device.writeZeroes(offset, length, request.has(Protocol.CMD_FLAG_NO_HOLE));
            case TRIM -> device.trim(offset, length);
            case CACHE -> device.prefetch(offset, length);
            case FLUSH -> device.flush();
            case DISC -> throw new IllegalStateException("a worker got " + command);
        }
        if (request.has(Protocol.CMD_FLAG_FUA) && changes(command)) {
            device.flush();
        }
        return () -> replies.done(request);
    }

    private static boolean changes(Command command) {
        return command == Command.WRITE || command == Command.WRITE_ZEROES || command == Command.TRIM;
    }

    private List<Extent> extents(long offset, long length, int most) throws IOException {
        var all = device.extents(offset, length);
        return all.subList(0, Math.min(all.size(), most));
    }

    private void hangUp() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing a connection of export " + session.export(), e);
        }
    }
}
