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
 * A request whose sender waits for the reply. Until it is finished it belongs to the client's reader thread, afterwards
 * to the thread that sent it.
 */
final class AwaitedReply implements Pending {

    /** A run of one state in one metadata context. */
    record Status(long length, int flags) {}

    private final Request request;
    private final ByteBuffer target;
    private final Map<Integer, List<Status>> states = new HashMap<>();
    private final CompletableFuture<Optional<IOException>> finished = new CompletableFuture<>();
    private Optional<BlockException> failure = Optional.empty();
    private long received;

    /** @param target where a read's data go; empty for every other command */
    AwaitedReply(Request request, ByteBuffer target) {
        this.request = request;
        this.target = target;
    }

    @Override
    public Request request() {
        return request;
    }

    @Override
    public void data(long offset, long length, Inbox inbox) throws IOException {
        inbox.take(target(offset, length));
    }

    @Override
    public void zeroes(long offset, long length) throws IOException {
        var hole = target(offset, length);
        while (hole.hasRemaining()) {
            hole.put((byte) 0);
        }
    }

    /** The part of the target that stands for this range of the disk. */
    private ByteBuffer target(long offset, long length) throws IOException {
        long start = offset - request.offset();
        if (start < 0 || length <= 0 || start > target.remaining() || length > target.remaining() - start) {
            throw new IOException(
                    "the server sends data at " + offset + ", " + length + " bytes, which were not asked for");
        }
        received += length;
        return target.slice(target.position() + (int) start, (int) length);
    }

    @Override
    public void status(ByteBuffer payload) throws IOException {
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

    @Override
    public void failed(int errno, String message) {
        if (failure.isEmpty()) {
            failure = Optional.of(new BlockException(BlockException.Errno.of(errno), message));
        }
    }

    @Override
    public void finish() throws IOException {
        if (failure.isEmpty() && received != target.remaining()) {
            throw new IOException("the server sends " + received + " bytes of " + target.remaining());
        }
        finished.complete(Optional.empty());
    }

    @Override
    public void lose(IOException cause) {
        finished.complete(Optional.of(cause));
    }

    @Override
    public void settle() {
        // the sender has been woken
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
}
