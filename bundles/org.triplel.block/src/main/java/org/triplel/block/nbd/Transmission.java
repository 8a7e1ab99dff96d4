package org.triplel.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.RangeLock;
import org.triplel.block.ReadCompletion;

/**
 * The transmission phase of one connection. Its thread takes all requests that have arrived, answers at once what the
 * device has at hand, starts what comes from elsewhere, and sends all of that together. Whatever may have to wait for a
 * disk, the NAS or another thread goes to workers, who reply in whatever order they finish; so a slow request delays no other, except a change of the
 * same range: overlapping changes are carried out in the order of their arrival.
 *
 * <p>Every connection has workers of its own: were they shared, requests that wait for an image daemon could take all of
 * them, and the daemon, itself our client for its base image, would wait for ever.
 */
final class Transmission {

    private static final System.Logger LOG = System.getLogger(Transmission.class.getName());

    private static final int WORKERS = 16;
    private static final int FINISHERS = 4;
    private static final int BYTES_UNDER_WAY = 2 * Protocol.MAX_PAYLOAD_BYTES;
    private static final int MAX_RUNS = 8192;

    /** The longest write that needs no memory of its own. */
    private static final int MAX_WRITE_NOW_BYTES = 1 << 20;

    /** The shortest read that goes out from a file's own pages: for a short one the copy is cheaper. */
    private static final int MIN_LENT_BYTES = 64 << 10;

    /** The longest read that goes to a worker together with others. */
    private static final int MAX_MISS_BYTES = 64 << 10;

    private static final int INBOX_BYTES = MAX_WRITE_NOW_BYTES + (128 << 10);
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    /**
     * A request for the workers.
     *
     * @param payload of a write
     * @param bytes what it occupies in memory until it is answered
     * @param hold its place among the changes
     */
    private record Job(
            Command command, Request request, ByteBuffer payload, int bytes, Optional<RangeLock.Hold> hold) {}

    private final Transport transport;
    private final Session session;
    private final BlockDevice device;
    private final Door door;
    private final Inbox inbox;
    private final Replies replies;
    private final Header header = new Header();
    private final ReplyBuffers buffers = new ReplyBuffers();
    private final List<Job> misses = new ArrayList<>();
    private final Runnable sendStarted = this::sendStarted;
    private final Budget budget = new Budget(BYTES_UNDER_WAY);
    private final RangeLock changes = new RangeLock();
    private final ThreadPoolExecutor workers;

    /** For what was started and must be finished patiently: workers may wait for the ranges that it holds. */
    private final ThreadPoolExecutor finishers;

    /** @param arena may be closed after {@link #run} */
    Transmission(Transport transport, Session session, Arena arena) {
        this.transport = transport;
        this.session = session;
        this.device = session.device();
        this.door = new Door(session);
        this.inbox = new Inbox(transport, INBOX_BYTES, arena);
        this.replies = new Replies(transport, session);
        var threads = Thread.ofPlatform()
                .daemon()
                .name("nbd " + session.export() + " worker ", 0)
                .factory();
        this.workers =
                new ThreadPoolExecutor(WORKERS, WORKERS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        workers.allowCoreThreadTimeOut(true);
        this.finishers = new ThreadPoolExecutor(
                FINISHERS, FINISHERS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        finishers.allowCoreThreadTimeOut(true);
    }

    /** Serves until the client leaves or hangs up. No request is under way when this returns. */
    void run() throws IOException {
        try (workers;
                finishers) {
            boolean inOrder = false;
            try {
                while (nextHeader() && serve()) {}
                inOrder = true;
            } finally {
                if (!inOrder) {
                    transport.close(); // a client that takes no replies must not hold up the end
                }
                sendOff();
                budget.awaitIdle();
                buffers.close();
                replies.close();
            }
        }
    }

    /** Returns whether the client stays. */
    private boolean serve() throws IOException {
        var admitted = admit();
        if (admitted.isEmpty()) {
            return true;
        }
        var command = admitted.get();
        switch (command) {
            case DISC -> {
                replies.flush();
                return false;
            }
            case READ -> {
                if (!lend() && !readNow() && !startRead() && !missed()) {
                    handOver(command);
                }
            }
            case WRITE -> {
                if (!writeInPlace()) {
                    handOver(command);
                }
            }
            case FLUSH -> {
                if (inbox.isEmpty() && device.flushesLocally()) { // it came alone, and a worker is a detour
                    sendOff();
                    answer(new Job(command, header.request(), NOTHING, 0, Optional.empty()));
                } else {
                    handOver(command);
                }
            }
            default -> handOver(command);
        }
        return true;
    }

    /** Returns whether there is a further request: to hang up between two of them is one way to leave. */
    private boolean nextHeader() throws IOException {
        try {
            await(Protocol.REQUEST_BYTES);
        } catch (EOFException e) {
            if (inbox.isEmpty()) {
                return false;
            }
            throw e;
        }
        header.parse(inbox.memory(), inbox.position());
        inbox.skip(Protocol.REQUEST_BYTES);
        return true;
    }

    /** Nobody waits for the client while it waits for replies. */
    private void await(int bytes) throws IOException {
        if (!inbox.has(bytes)) {
            sendOff();
            inbox.await(bytes);
        }
    }

    private void sendOff() {
        sendStarted();
        replies.flush();
    }

    private void sendStarted() {
        device.submit();
        handOverMisses();
    }

    private Optional<Command> admit() throws IOException {
        try {
            return door.admit(header);
        } catch (IOException refused) {
            LOG.log(Level.WARNING, "export {0}: {1}", session.export(), refused.getMessage());
            replies.failed(header.cookie(), refused);
            sendOff();
            inbox.discard(header.payloadBytes());
            return Optional.empty();
        }
    }

    /** Large content goes from the file's pages to the client's memory, without a copy in ours. */
    private boolean lend() {
        return header.length() >= MIN_LENT_BYTES
                && header.length() <= Replies.MAX_NOW_BYTES
                && replies.lend(header.request(), device, sendStarted);
    }

    private boolean readNow() {
        return header.length() <= Replies.MAX_NOW_BYTES
                && replies.readNow(header.cookie(), header.offset(), (int) header.length(), device);
    }

    /**
     * Keeps a read that a disk of this host is already at work for: Linux starts it even if told not to wait for it (since
     * 5.9). Those that arrive together are done at about the same time, so they wake one worker.
     */
    private boolean missed() {
        int length = (int) header.length();
        if (header.length() > MAX_MISS_BYTES
                || !device.readsLocally(header.offset(), length)
                || !budget.tryTake(length)) {
            return false;
        }
        misses.add(new Job(Command.READ, header.request(), NOTHING, length, Optional.empty()));
        return true;
    }

    private void handOverMisses() {
        if (misses.isEmpty()) {
            return;
        }
        var together = List.copyOf(misses);
        misses.clear();
        boolean handedOver = false;
        try {
            workers.execute(() -> workOff(together));
            handedOver = true;
        } finally {
            if (!handedOver) {
                giveBack(together);
            }
        }
    }

    private boolean startRead() {
        if (header.length() > Replies.MAX_NOW_BYTES || !budget.tryTake((int) header.length())) {
            return false;
        }
        var request = new UnderWay(Command.READ, header.request());
        boolean started = false;
        try {
            started = device.startRead(header.offset(), (int) header.length(), request);
        } finally {
            if (!started) {
                request.giveBack();
            }
        }
        return started;
    }

    /** Carries a write out, or starts it, with the payload where it was received. */
    private boolean writeInPlace() throws IOException {
        int length = (int) header.length();
        if (header.length() > MAX_WRITE_NOW_BYTES
                || (header.flags() & Protocol.CMD_FLAG_FUA) != 0
                || !changes.isFree(header.offset(), length)) {
            return false;
        }
        await(length);
        if (writeNow(length)) {
            inbox.skip(length);
            replies.done(header.cookie());
            return true;
        }
        if (startWrite(length)) {
            inbox.skip(length);
            return true;
        }
        return false;
    }

    private boolean writeNow(int length) {
        try {
            return device.writeNow(header.offset(), inbox.memory(), inbox.position(), length);
        } catch (IOException | RuntimeException | Error failure) {
            return false; // a patient write tells why
        }
    }

    private boolean startWrite(int length) {
        if (!budget.tryTake(length)) {
            return false;
        }
        var request = new UnderWay(Command.WRITE, header.request());
        boolean started = false;
        try {
            started = device.startWrite(header.offset(), inbox.memory(), inbox.position(), length, request);
        } finally {
            if (!started) {
                request.giveBack();
            }
        }
        return started;
    }

    /** A request that the device has started for us; it occupies the budget until it is answered. */
    private final class UnderWay implements ReadCompletion, ChangeCompletion {

        private final Command command;
        private final Request request;

        UnderWay(Command command, Request request) {
            this.command = command;
            this.request = request;
        }

        void giveBack() {
            budget.giveBack((int) request.length());
        }

        @Override
        public void data(MemorySegment memory, long at) {
            if (replies.offerData(request, memory, at)) {
                giveBack();
                return;
            }
            ReplyBuffers.Buffer buffer;
            try {
                buffer = buffers.take(Replies.READ_HEADER_BYTES + (int) request.length());
            } catch (RuntimeException | Error noMemory) {
                unanswered(request, noMemory);
                giveBack();
                return;
            }
            MemorySegment.copy(memory, at, buffer.memory(), Replies.READ_HEADER_BYTES, request.length());
            finish(workers, () -> {
                try {
                    replies.data(request, buffer.memory());
                } finally {
                    buffers.giveBack(buffer);
                }
            });
        }

        @Override
        public void done() {
            if (replies.offerDone(request.cookie())) {
                giveBack();
            } else {
                finish(workers, () -> replies.done(request.cookie()));
            }
        }

        @Override
        public void failed(IOException failure) {
            finish(workers, () -> Transmission.this.failed(command, request, failure));
        }

        /** The patient way. */
        @Override
        public void failed() {
            finish(workers, () -> answerRead(request));
        }

        @Override
        public void unfinished(PatientWork rest) {
            finish(finishers, () -> {
                try {
                    rest.run();
                } catch (IOException | RuntimeException | Error e) {
                    Transmission.this.failed(command, request, e);
                    return;
                }
                replies.done(request.cookie());
            });
        }

        private void finish(ThreadPoolExecutor threads, Runnable answer) {
            try {
                threads.execute(() -> {
                    try {
                        answer.run();
                        replies.flush();
                    } catch (RuntimeException | Error e) {
                        unanswered(request, e);
                    } finally {
                        giveBack();
                    }
                });
            } catch (RuntimeException | Error noThread) {
                unanswered(request, noThread);
                giveBack();
            }
        }

        @Override
        public void settle() {
            replies.submit();
        }
    }

    /** A client that does not hear of a request must not wait for it. */
    private void unanswered(Request request, Throwable fault) {
        LOG.log(
                Level.ERROR,
                () -> "export " + session.export() + ": no answer to the request at " + request.offset() + ", "
                        + request.length() + " bytes, the client is hung up on",
                fault);
        transport.close();
    }

    private void handOver(Command command) throws IOException {
        int bytes = command == Command.READ || command == Command.WRITE ? (int) header.length() : 0;
        if (!budget.tryTake(bytes)) {
            sendOff();
            budget.take(bytes);
        }
        boolean handedOver = false;
        try {
            var payload = command == Command.WRITE ? payload(bytes) : NOTHING;
            var job = new Job(command, header.request(), payload, bytes, hold(command));
            workers.execute(() -> work(job));
            handedOver = true;
        } finally {
            if (!handedOver) { // the connection ends, and with it every claim to a range
                budget.giveBack(bytes);
            }
        }
    }

    private ByteBuffer payload(int bytes) throws IOException {
        var payload = ByteBuffer.allocate(bytes);
        if (!inbox.has(bytes)) {
            sendOff();
        }
        inbox.take(payload);
        return payload.flip();
    }

    private Optional<RangeLock.Hold> hold(Command command) {
        return command.changes() ? Optional.of(changes.enter(header.offset(), header.length())) : Optional.empty();
    }

    private void workOff(List<Job> misses) {
        try {
            answerMisses(misses);
            replies.flush();
        } catch (RuntimeException | Error e) {
            unanswered(misses.getLast().request(), e);
        } finally {
            giveBack(misses);
        }
    }

    /** Reads into memory of their own: in the outbox, others would have to wait for the disk, too. */
    private void answerMisses(List<Job> misses) {
        ReplyBuffers.Buffer buffer;
        try {
            buffer = buffers.take(Replies.READ_HEADER_BYTES + MAX_MISS_BYTES);
        } catch (RuntimeException | Error e) {
            misses.forEach(miss -> failed(Command.READ, miss.request(), e));
            return;
        }
        try {
            for (var miss : misses) {
                answerMiss(miss.request(), buffer.memory());
            }
        } finally {
            buffers.giveBack(buffer);
        }
    }

    private void answerMiss(Request request, MemorySegment reply) {
        if (!readNow(request, reply)) {
            replies.flush(); // those that are done must not wait for this one
            if (!read(request, reply)) {
                return;
            }
        }
        replies.collectData(request, reply, Replies.READ_HEADER_BYTES);
    }

    private boolean readNow(Request request, MemorySegment reply) {
        try {
            return device.readNow(request.offset(), reply, Replies.READ_HEADER_BYTES, (int) request.length());
        } catch (IOException | RuntimeException | Error failure) {
            return false; // a patient read tells why
        }
    }

    private void giveBack(List<Job> jobs) {
        jobs.forEach(job -> budget.giveBack(job.bytes()));
    }

    private void work(Job job) {
        try {
            answer(job);
            replies.flush();
        } catch (RuntimeException | Error e) {
            unanswered(job.request(), e);
        } finally {
            budget.giveBack(job.bytes());
        }
    }

    private void answer(Job job) {
        var request = job.request();
        if (job.command() == Command.READ) {
            answerRead(request);
            return;
        }
        if (job.command() == Command.BLOCK_STATUS) {
            answerStatus(request);
            return;
        }
        try {
            carryOut(job);
        } catch (IOException | RuntimeException | Error e) {
            failed(job.command(), request, e);
            return;
        }
        replies.done(request.cookie());
    }

    private void answerStatus(Request request) {
        int most = request.has(Protocol.CMD_FLAG_REQ_ONE) ? 1 : MAX_RUNS;
        var status = new TreeMap<MetaContext, List<MetaContext.Run>>();
        try {
            for (var context : session.contexts()) {
                var runs = context.runs(device, request.offset(), request.length());
                status.put(context, runs.subList(0, Math.min(runs.size(), most)));
            }
        } catch (IOException | RuntimeException | Error e) {
            failed(Command.BLOCK_STATUS, request, e);
            return;
        }
        replies.status(request.cookie(), status);
    }

    private void answerRead(Request request) {
        ReplyBuffers.Buffer buffer;
        try {
            buffer = buffers.take(Replies.READ_HEADER_BYTES + (int) request.length());
        } catch (RuntimeException | Error e) {
            failed(Command.READ, request, e);
            return;
        }
        try {
            answerRead(request, buffer.memory());
        } finally {
            buffers.giveBack(buffer);
        }
    }

    private void answerRead(Request request, MemorySegment reply) {
        if (read(request, reply)) {
            replies.data(request, reply);
        }
    }

    /** Returns whether it succeeded; if not, the client has been told. */
    private boolean read(Request request, MemorySegment reply) {
        try {
            var content = reply.asSlice(Replies.READ_HEADER_BYTES, request.length());
            device.read(request.offset(), content.asByteBuffer());
            return true;
        } catch (IOException | RuntimeException | Error e) {
            failed(Command.READ, request, e);
            return false;
        }
    }

    /** Whatever it is, the client must hear of it: a request without a reply hangs a guest for ever. */
    private void failed(Command command, Request request, Throwable failure) {
        boolean foreseen = failure instanceof BlockException refused
                && refused.errno() == BlockException.Errno.ENOTSUP; // zeroes that are not fast
        LOG.log(
                foreseen ? Level.DEBUG : Level.WARNING,
                () -> "export " + session.export() + ": " + command + " at " + request.offset() + ", "
                        + request.length() + " bytes failed",
                failure);
        replies.failed(request.cookie(), failure);
    }

    private void writeZeroes(Request request) throws IOException {
        boolean allocate = request.has(Protocol.CMD_FLAG_NO_HOLE);
        if (!request.has(Protocol.CMD_FLAG_FAST_ZERO)) {
            device.writeZeroes(request.offset(), request.length(), allocate);
        } else if (!device.writeZeroesFast(request.offset(), request.length(), allocate)) {
            throw new BlockException(BlockException.Errno.ENOTSUP, "zeroes are not quicker than data here");
        }
    }

    private void carryOut(Job job) throws IOException {
        var request = job.request();
        long offset = request.offset();
        long length = request.length();
        try {
            job.hold().ifPresent(RangeLock.Hold::await);
            switch (job.command()) {
                case WRITE -> device.write(offset, job.payload());
                case WRITE_ZEROES -> writeZeroes(request);
                case TRIM -> device.trim(offset, length);
                case CACHE -> device.prefetch(offset, length);
                case FLUSH -> device.flush();
                case READ, BLOCK_STATUS, DISC -> throw new IllegalStateException("a worker got " + job.command());
            }
        } finally {
            job.hold().ifPresent(RangeLock.Hold::close);
        }
        if (request.has(Protocol.CMD_FLAG_FUA) && job.command().changes()) {
            device.flush();
        }
    }
}
