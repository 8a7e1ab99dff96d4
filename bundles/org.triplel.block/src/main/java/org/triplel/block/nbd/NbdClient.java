package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;
import org.triplel.block.UnixSocket;

/**
 * An export of an NBD server on a unix socket. Any number of threads may have requests under way; all travel on one
 * connection and are answered in the server's order.
 *
 * <p>There are no time-outs: a request waits for as long as the server takes. When the connection is lost, every waiting
 * and every later request ends with {@link DeviceLostException}.
 */
public final class NbdClient implements BlockDevice {

    private static final System.Logger LOG = System.getLogger(NbdClient.class.getName());

    private static final Duration HANDSHAKE_TIME = Duration.ofSeconds(30);

    /** The most in a request without payload: below 2^32, and a multiple of every block size. */
    private static final long MAX_RANGE = 1L << 30;

    private static final int MAX_CHUNK_BYTES = 1 << 20;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final ByteChannel channel;
    private final Wire wire;
    private final String name;
    private final ClientHandshake.Grant grant;
    private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
    private final AtomicLong cookies = new AtomicLong();
    private final ReentrantLock sending = new ReentrantLock();
    private final Thread reader;
    private volatile Optional<IOException> lost = Optional.empty();

    /**
     * Connects to an export.
     *
     * @param contexts metadata contexts to ask for besides {@code base:allocation}
     */
    public static NbdClient connect(Path socket, String export, String... contexts) throws IOException {
        var channel = UnixSocket.connect(socket);
        var name = "export '" + export + "' at " + socket;
        try {
            return new NbdClient(channel, name, export, contexts);
        } catch (ClosedChannelException e) {
            throw new IOException("Cannot use " + name + ": no handshake within " + HANDSHAKE_TIME, e);
        } catch (IOException e) {
            channel.close();
            throw new IOException("Cannot use " + name + ": " + e.getMessage(), e);
        }
    }

    private NbdClient(ByteChannel channel, String name, String export, String... contexts) throws IOException {
        this.channel = channel;
        this.name = name;
        this.wire = new Wire(channel);
        var wanted = new ArrayList<>(List.of(contexts));
        wanted.add(Protocol.BASE_ALLOCATION);
        try (var _ = new Deadline(channel, HANDSHAKE_TIME, "the NBD handshake with " + name)) {
            grant = new ClientHandshake(wire, export).run(wanted);
        }
        if (!readOnly() && !grant.has(Protocol.FLAG_SEND_FLUSH)) {
            throw new IOException(
                    "the server offers no flush, so nothing written there would ever be known to be safe");
        }
        reader = Thread.ofPlatform().daemon().name("nbd client of " + export).start(this::receive);
    }

    @Override
    public long size() {
        return grant.size();
    }

    @Override
    public boolean readOnly() {
        return grant.has(Protocol.FLAG_READ_ONLY);
    }

    /** Whether the server granted this metadata context. */
    boolean has(String context) {
        return grant.contexts().containsKey(context);
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        for (long at = offset; into.hasRemaining(); ) {
            int length = Math.min(into.remaining(), grant.maxPayload());
            transact(Command.READ, 0, at, length, NOTHING, into.slice(into.position(), length));
            into.position(into.position() + length);
            at += length;
        }
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        refuseIfReadOnly(Command.WRITE);
        for (long at = offset; from.hasRemaining(); ) {
            int length = Math.min(from.remaining(), grant.maxPayload());
            transact(Command.WRITE, 0, at, length, from.slice(from.position(), length), NOTHING);
            from.position(from.position() + length);
            at += length;
        }
    }

    @Override
    public void flush() throws IOException {
        if (!readOnly()) {
            transact(Command.FLUSH, 0, 0, 0, NOTHING, NOTHING);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        refuseIfReadOnly(Command.WRITE_ZEROES);
        if (!grant.has(Protocol.FLAG_SEND_WRITE_ZEROES)) {
            throw new BlockException(BlockException.Errno.ENOTSUP, name + " does not offer to write zeroes");
        }
        ranges(Command.WRITE_ZEROES, allocate ? Protocol.CMD_FLAG_NO_HOLE : 0, offset, length);
    }

    /** Does nothing where the server does not offer it. */
    @Override
    public void trim(long offset, long length) throws IOException {
        refuseIfReadOnly(Command.TRIM);
        if (grant.has(Protocol.FLAG_SEND_TRIM)) {
            ranges(Command.TRIM, 0, offset, length);
        }
    }

    /** Does nothing where the server does not offer it. */
    @Override
    public void prefetch(long offset, long length) throws IOException {
        if (grant.has(Protocol.FLAG_SEND_CACHE)) {
            ranges(Command.CACHE, 0, offset, length);
        }
    }

    /** Everything is data where the server does not offer {@code base:allocation}. */
    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        if (!has(Protocol.BASE_ALLOCATION)) {
            return List.of(Extent.data(length));
        }
        return status(offset, length, Protocol.BASE_ALLOCATION).getFirst().stream()
                .map(status -> new Extent(
                        status.length(),
                        (status.flags() & Protocol.STATE_HOLE) != 0,
                        (status.flags() & Protocol.STATE_ZERO) != 0))
                .toList();
    }

    /** The states from {@code offset} on in each of these contexts, all from one reply; each list may end early. */
    List<List<Pending.Status>> status(long offset, long length, String... contexts) throws IOException {
        var states = transact(Command.BLOCK_STATUS, 0, offset, Math.min(length, MAX_RANGE), NOTHING, NOTHING);
        var result = new ArrayList<List<Pending.Status>>();
        for (var context : contexts) {
            var runs = states.get(grant.contexts().get(context));
            if (runs == null) {
                throw new BlockException(BlockException.Errno.EIO, name + " leaves out the block status " + context);
            }
            result.add(runs);
        }
        return result;
    }

    /** Does not wait for requests under way: they end with {@link DeviceLostException}. */
    @Override
    public void close() throws IOException {
        // With nothing under way the socket has room, so that this cannot block.
        if (pending.isEmpty() && lost.isEmpty() && sending.tryLock()) {
            try {
                wire.write(encode(new Request(0, Command.DISC.number(), 0, 0, 0)));
            } catch (IOException e) {
                LOG.log(Level.DEBUG, name + " was gone before it could be left", e);
            } finally {
                sending.unlock();
            }
        }
        channel.close();
    }

    @Override
    public String toString() {
        return name;
    }

    private void ranges(Command command, int flags, long offset, long length) throws IOException {
        for (long at = offset; at < offset + length; at += MAX_RANGE) {
            transact(command, flags, at, Math.min(MAX_RANGE, offset + length - at), NOTHING, NOTHING);
        }
    }

    private Map<Integer, List<Pending.Status>> transact(
            Command command, int flags, long offset, long length, ByteBuffer payload, ByteBuffer target)
            throws IOException {
        var request = new Request(flags, command.number(), cookies.getAndIncrement(), offset, length);
        var reply = new Pending(request, target);
        pending.put(request.cookie(), reply);
        if (lost.isPresent()) { // the reader is gone and may not have seen this one
            pending.remove(request.cookie());
            throw new DeviceLostException(lost.get().getMessage(), lost.get());
        }
        send(request, payload);
        return reply.await();
    }

    private void send(Request request, ByteBuffer payload) throws IOException {
        sending.lock();
        try {
            wire.write(encode(request));
            wire.write(payload);
        } catch (IOException e) {
            // The reader hears of it and ends all requests; none returns while the reader may still fill its buffer.
            LOG.log(Level.DEBUG, "sending to " + name, e);
            channel.close();
        } finally {
            sending.unlock();
        }
    }

    private static ByteBuffer encode(Request request) {
        var header = ByteBuffer.allocate(Protocol.REQUEST_BYTES);
        request.encode(header);
        return header.flip();
    }

    private void refuseIfReadOnly(Command command) throws BlockException {
        if (readOnly()) {
            throw new BlockException(BlockException.Errno.EPERM, command + " refused: " + name + " is read-only");
        }
    }

    /** The reader thread's whole life. */
    private void receive() {
        IOException reason;
        try {
            while (true) {
                receiveOne();
            }
        } catch (IOException e) {
            reason = e;
        } catch (RuntimeException | Error e) {
            reason = new IOException("unexpected: " + e, e);
        }
        var loss = new IOException("Connection to " + name + " lost: " + reason, reason);
        lost = Optional.of(loss);
        try {
            channel.close();
        } catch (IOException e) {
            loss.addSuppressed(e);
        }
        for (var waiting : pending.values()) {
            waiting.lose(loss);
        }
        pending.clear();
    }

    private void receiveOne() throws IOException {
        int magic = wire.read(4).getInt();
        switch (magic) {
            case Protocol.SIMPLE_REPLY_MAGIC -> simpleReply();
            case Protocol.STRUCTURED_REPLY_MAGIC -> structuredReply();
            default -> throw new IOException("not an NBD reply: magic 0x" + Integer.toHexString(magic));
        }
    }

    private void simpleReply() throws IOException {
        var header = wire.read(Protocol.SIMPLE_REPLY_BYTES - 4);
        int error = header.getInt();
        var reply = find(header.getLong());
        long length = reply.request().length();
        if (error != 0) {
            reply.failed(error, describe(reply) + " failed with errno " + error);
        } else if (reply.isRead()) {
            wire.read(reply.target(reply.request().offset(), length));
        }
        finish(reply);
    }

    private void structuredReply() throws IOException {
        var header = wire.read(Protocol.STRUCTURED_REPLY_BYTES - 4);
        int flags = header.getShort();
        int type = Short.toUnsignedInt(header.getShort());
        var reply = find(header.getLong());
        long length = Integer.toUnsignedLong(header.getInt());
        if (type == Protocol.REPLY_TYPE_OFFSET_DATA && length >= 8) {
            wire.read(reply.target(wire.read(8).getLong(), length - 8));
        } else {
            if (length > MAX_CHUNK_BYTES) {
                throw new IOException("a reply of type " + type + " with " + length + " bytes");
            }
            chunk(reply, type, wire.read((int) length));
        }
        if ((flags & Protocol.REPLY_FLAG_DONE) != 0) {
            finish(reply);
        }
    }

    private void chunk(Pending reply, int type, ByteBuffer payload) throws IOException {
        if ((type & Protocol.REPLY_TYPE_FLAG_ERROR) != 0 && payload.remaining() >= 6) {
            int error = payload.getInt();
            int length = Math.min(Short.toUnsignedInt(payload.getShort()), payload.remaining());
            var message = StandardCharsets.UTF_8.decode(payload.slice(payload.position(), length));
            reply.failed(error, describe(reply) + " failed with errno " + error + ": " + message);
        } else if (type == Protocol.REPLY_TYPE_OFFSET_HOLE && payload.remaining() == 12) {
            var hole = reply.target(payload.getLong(), Integer.toUnsignedLong(payload.getInt()));
            while (hole.hasRemaining()) {
                hole.put((byte) 0);
            }
        } else if (type == Protocol.REPLY_TYPE_BLOCK_STATUS) {
            reply.status(payload);
        } else if (type != Protocol.REPLY_TYPE_NONE) {
            throw new IOException("a reply of unknown type " + type + " with " + payload.remaining() + " bytes");
        }
    }

    private String describe(Pending reply) {
        var request = reply.request();
        var command = Command.of(request.command()).orElseThrow();
        return command + " of " + name + " at " + request.offset() + ", " + request.length() + " bytes,";
    }

    private Pending find(long cookie) throws IOException {
        var reply = pending.get(cookie);
        if (reply == null) {
            throw new IOException("a reply to a request that was never sent: " + cookie);
        }
        return reply;
    }

    private void finish(Pending reply) throws IOException {
        reply.finish();
        pending.remove(reply.request().cookie());
    }
}
