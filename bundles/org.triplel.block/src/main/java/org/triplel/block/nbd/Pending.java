package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.triplel.block.BlockException;
import org.triplel.block.DeviceLostException;

/**
 * A request that waits for its reply. Until it is finished it belongs to the client's reader thread, afterwards to the
 * thread that sent it.
 */
final class Pending {

    /** A run of one state in one metadata context. */
    record Status(long length, int flags) {}

    private final Request request;
    private final ByteBuffer target;
    private final Map<Integer, List<Status>> states = new HashMap<>();
    private final CompletableFuture<Optional<IOException>> finished = new CompletableFuture<>();
    private Optional<BlockException> failure = Optional.empty();
    private long received;

    /** @param target where a read's data go; empty for every other command */
    Pending(Request request, ByteBuffer target) {
        this.request = request;
        this.target = target;
    }

    Request request() {
        return request;
    }

    boolean isRead() {
        return request.command() == Command.READ.number();
    }

    /** The part of the target that stands for this range of the disk. */
    ByteBuffer target(long offset, long length) throws IOException {
        long start = offset - request.offset();
        if (start < 0 || length <= 0 || start > target.remaining() || length > target.remaining() - start) {
            throw new IOException(
                    "the server sends data at " + offset + ", " + length + " bytes, which were not asked for");
        }
        received += length;
        return target.slice(target.position() + (int) start, (int) length);
    }

    void status(ByteBuffer payload) throws IOException {
        if (payload.remaining() < 12 || payload.remaining() % 8 != 4) {
            throw new IOException("the server sends a block status of " + payload.remaining() + " bytes");
        }
        int id = payload.getInt();
        var runs = new ArrayList<Status>();
        long covered = 0;
        while (payload.hasRemaining()) {
            long length = Integer.toUnsignedLong(payload.getInt());
            int flags = payload.getInt();
            if (length == 0) {
                throw new IOException("the server sends a block status of an empty range");
            }
            long within = Math.min(length, request.length() - covered); // the last one may reach further
            if (within > 0) {
                runs.add(new Status(within, flags));
                covered += within;
            }
        }
        states.put(id, runs);
    }

    void failed(int errno, String message) {
        if (failure.isEmpty()) {
            failure = Optional.of(new BlockException(errnoOf(errno), message));
        }
    }

    /** The last chunk has come. */
    void finish() throws IOException {
        if (failure.isEmpty() && received != target.remaining()) {
            throw new IOException("the server sends " + received + " bytes of " + target.remaining());
        }
        finished.complete(Optional.empty());
    }

    void lose(IOException cause) {
        finished.complete(Optional.of(cause));
    }

    /**
     * Returns when the reply has come, with the block status in it by context id.
     *
     * @throws BlockException what the server says
     * @throws DeviceLostException if no reply will come any more
     */
    Map<Integer, List<Status>> await() throws IOException {
        var loss = finished.join();
        if (loss.isPresent()) {
            throw new DeviceLostException(loss.get().getMessage(), loss.get());
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
        return states;
    }

    private static BlockException.Errno errnoOf(int number) {
        for (var errno : BlockException.Errno.values()) {
            if (errno.number() == number) {
                return errno;
            }
        }
        return BlockException.Errno.EIO;
    }
}
