package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
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
import java.util.concurrent.locks.LockSupport;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;
import org.triplel.block.ReadCompletion;

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

    /** The most in a request that nobody waits for. */
    private static final int MAX_STARTED_BYTES = 256 << 10;

    private static final int MAX_CHUNK_BYTES = 1 << 20;

    /** So many requests under way that throughput counts more than the time of each. */
    private static final int MANY = 16;

    /** How long replies gather: short beside the time that a server takes for {@link #MANY}. */
    private static final long GATHER_NANOS = 100_000;

    /** So many must have come meanwhile for it to be worth while. */
    private static final int GATHERED = 3;

    /** After how many replies it is tried again, if it was not. */
    private static final int SPARE = 100;

    /** Larger ones fill the socket, on which the server then waits. */
    private static final int MAX_GATHERED_BYTES = 16 << 10;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final SocketTransport transport;
    private final Outgoing outgoing;
    private final String name;
    private final ClientHandshake.Grant grant;
    private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
    private final AtomicLong cookies = new AtomicLong();

    /** When a reply came, or the first request that waits for one was sent. */
    private volatile long signNanos = System.nanoTime();

    private volatile Optional<IOException> lost = Optional.empty();

    /**
     * Connects to an export.
     *
     * @param contexts metadata contexts to ask for besides {@code base:allocation}
     */
    public static NbdClient connect(Path socket, String export, String... contexts) throws IOException {
        var transport = SocketTransport.connect(socket);
        var name = "export '" + export + "' at " + socket;
        try {
            var client = new NbdClient(transport, name, export, contexts);
            Thread.ofPlatform().daemon().name("nbd client of " + export).start(client::receive);
            return client;
        } catch (ClosedChannelException e) {
            transport.release();
            throw new IOException("Cannot use " + name + ": no handshake within " + HANDSHAKE_TIME, e);
        } catch (IOException e) {
            transport.release();
            throw new IOException("Cannot use " + name + ": " + e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            transport.release();
            throw e;
        }
    }

    private NbdClient(SocketTransport transport, String name, String export, String... contexts) throws IOException {
        this.transport = transport;
        this.name = name;
        var wanted = new ArrayList<>(List.of(contexts));
        wanted.add(Protocol.BASE_ALLOCATION);
        try (var _ = new Deadline(transport, HANDSHAKE_TIME, "the NBD handshake with " + name)) {
            grant = new ClientHandshake(new Wire(transport), export).run(wanted);
        }
        if (!readOnly() && !grant.has(Protocol.FLAG_SEND_FLUSH)) {
            throw new IOException(
                    "the server offers no flush, so nothing written there would ever be known to be safe");
        }
        outgoing = new Outgoing(transport);
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
    public boolean startRead(long offset, int length, ReadCompletion completion) {
        if (length > Math.min(MAX_STARTED_BYTES, grant.maxPayload())) {
            return false;
        }
        int flags = grant.has(Protocol.FLAG_SEND_DF) ? Protocol.CMD_FLAG_DF : 0;
        var request = new Request(flags, Command.READ.number(), cookies.getAndIncrement(), offset, length);
        return start(new StartedRead(request, completion), MemorySegment.NULL, 0);
    }

    @Override
    public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        if (readOnly() || length > Math.min(MAX_STARTED_BYTES, grant.maxPayload())) {
            return false;
        }
        var request = new Request(0, Command.WRITE.number(), cookies.getAndIncrement(), offset, length);
        return start(new StartedChange(request, completion), memory, at);
    }

    private boolean start(Pending started, MemorySegment payload, long at) {
        long cookie = started.request().cookie();
        expect(started);
        if (lost.isEmpty() && outgoing.offer(started.request(), payload, at)) {
            return true;
        }
        // It was not sent. But if the reader has just found the connection lost, it may have told so already.
        return pending.remove(cookie) == null;
    }

    private void expect(Pending reply) {
        if (pending.isEmpty()) {
            signNanos = System.nanoTime();
        }
        pending.put(reply.request().cookie(), reply);
    }

    /** See {@link org.triplel.block.OverlayDevice#silence}. */
    Duration silence() {
        return pending.isEmpty() ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - signNanos);
    }

    @Override
    public void submit() {
        outgoing.submit();
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
    List<List<AwaitedReply.Status>> status(long offset, long length, String... contexts) throws IOException {
        var states = transact(Command.BLOCK_STATUS, 0, offset, Math.min(length, MAX_RANGE), NOTHING, NOTHING);
        var result = new ArrayList<List<AwaitedReply.Status>>();
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
    public void close() {
        if (pending.isEmpty()
                && outgoing.offer(new Request(0, Command.DISC.number(), 0, 0, 0), MemorySegment.NULL, 0)) {
            outgoing.submit();
        }
        transport.close();
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

    private Map<Integer, List<AwaitedReply.Status>> transact(
            Command command, int flags, long offset, long length, ByteBuffer payload, ByteBuffer target)
            throws IOException {
        var request = new Request(flags, command.number(), cookies.getAndIncrement(), offset, length);
        var reply = new AwaitedReply(request, target);
        expect(reply);
        if (lost.isPresent()) { // the reader is gone and may not have seen this one
            pending.remove(request.cookie());
            throw new DeviceLostException(lost.get().getMessage(), lost.get());
        }
        outgoing.put(request, payload);
        return reply.await();
    }

    private void refuseIfReadOnly(Command command) throws BlockException {
        if (readOnly()) {
            throw new BlockException(BlockException.Errno.EPERM, command + " refused: " + name + " is read-only");
        }
    }

    /** The reader thread's whole life. */
    private void receive() {
        IOException reason;
        try (var arena = Arena.ofConfined()) {
            var replies = new Incoming(new Inbox(transport, 2 * MAX_STARTED_BYTES, arena));
            while (true) {
                replies.receiveOne();
            }
        } catch (IOException e) {
            reason = e;
        } catch (RuntimeException | Error e) {
            reason = new IOException("unexpected: " + e, e);
        }
        var loss = new IOException("Connection to " + name + " lost: " + reason, reason);
        lost = Optional.of(loss);
        transport.close();
        outgoing.close();
        transport.release();
        for (var cookie : List.copyOf(pending.keySet())) {
            var waiting = pending.remove(cookie);
            if (waiting != null) {
                lose(waiting, loss);
            }
        }
    }

    private void lose(Pending request, IOException loss) {
        try {
            request.lose(loss);
        } catch (RuntimeException | Error fault) { // the others must hear of it all the same
            LOG.log(System.Logger.Level.ERROR, name + ": telling a request that it is lost", fault);
        }
    }

    /** The replies, as the reader thread takes them. */
    private final class Incoming {

        private final Inbox inbox;
        private final List<Pending> unsettled = new ArrayList<>();
        private boolean gathering;
        private boolean large;
        private int spare;

        Incoming(Inbox inbox) {
            this.inbox = inbox;
        }

        /** What has been finished is settled before the next wait. */
        private void await(int bytes) throws IOException {
            if (!inbox.has(bytes)) {
                settle();
                inbox.await(bytes);
                signNanos = System.nanoTime();
            }
        }

        private void settle() {
            unsettled.forEach(Pending::settle);
            unsettled.clear();
        }

        /** Replies that come together travel on together: whoever takes them is not woken for each. */
        private void gather() {
            if (inbox.has(1)) {
                return;
            }
            int came = unsettled.size();
            settle();
            if (gathering && came < GATHERED) {
                spare = SPARE;
            }
            spare = Math.max(0, spare - came);
            gathering = spare == 0 && pending.size() >= MANY && !large;
            if (gathering) {
                LockSupport.parkNanos(GATHER_NANOS);
            }
            large = false;
        }

        void receiveOne() throws IOException {
            try {
                gather();
                await(4);
                int magic = inbox.takeInt();
                switch (magic) {
                    case Protocol.SIMPLE_REPLY_MAGIC -> simpleReply();
                    case Protocol.STRUCTURED_REPLY_MAGIC -> structuredReply();
                    default -> throw new IOException("not an NBD reply: magic 0x" + Integer.toHexString(magic));
                }
            } catch (IOException | RuntimeException | Error broken) {
                settle();
                throw broken;
            }
        }

        private void simpleReply() throws IOException {
            await(Protocol.SIMPLE_REPLY_BYTES - 4);
            int error = inbox.takeInt();
            var reply = find(inbox.takeLong());
            var request = reply.request();
            if (error != 0) {
                reply.failed(error, describe(reply) + " failed with errno " + error);
            } else if (request.command() == Command.READ.number()) {
                reply.data(request.offset(), request.length(), inbox);
            }
            finish(reply);
        }

        private void structuredReply() throws IOException {
            await(Protocol.STRUCTURED_REPLY_BYTES - 4);
            int flags = inbox.takeShort();
            int type = Short.toUnsignedInt(inbox.takeShort());
            var reply = find(inbox.takeLong());
            long length = Integer.toUnsignedLong(inbox.takeInt());
            if (type == Protocol.REPLY_TYPE_OFFSET_DATA && length >= 8) {
                await(8);
                reply.data(inbox.takeLong(), length - 8, inbox);
            } else {
                if (length > MAX_CHUNK_BYTES) {
                    throw new IOException("a reply of type " + type + " with " + length + " bytes");
                }
                var payload = ByteBuffer.allocate((int) length);
                inbox.take(payload);
                chunk(reply, type, payload.flip());
            }
            if ((flags & Protocol.REPLY_FLAG_DONE) != 0) {
                finish(reply);
            }
        }

        private void finish(Pending reply) throws IOException {
            long cookie = reply.request().cookie();
            pending.remove(cookie);
            unsettled.add(reply);
            large |= reply.request().command() == Command.READ.number()
                    && reply.request().length() > MAX_GATHERED_BYTES;
            try {
                reply.finish();
            } catch (IOException wrong) { // it is lost with the connection
                pending.put(cookie, reply);
                throw wrong;
            }
        }
    }

    private void chunk(Pending reply, int type, ByteBuffer payload) throws IOException {
        if ((type & Protocol.REPLY_TYPE_FLAG_ERROR) != 0 && payload.remaining() >= 6) {
            int error = payload.getInt();
            int length = Math.min(Short.toUnsignedInt(payload.getShort()), payload.remaining());
            var message = StandardCharsets.UTF_8.decode(payload.slice(payload.position(), length));
            reply.failed(error, describe(reply) + " failed with errno " + error + ": " + message);
        } else if (type == Protocol.REPLY_TYPE_OFFSET_HOLE && payload.remaining() == 12) {
            reply.zeroes(payload.getLong(), Integer.toUnsignedLong(payload.getInt()));
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
}
