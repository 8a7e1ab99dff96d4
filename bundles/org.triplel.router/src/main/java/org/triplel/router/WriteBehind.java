package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.RangeLock;

/**
 * The private image as the guest sees it: what was acknowledged may still be in a {@link WriteBehindLog} of this host, from
 * which a thread sends it on, epoch by epoch. Writers wait when more would be lost with the host than the {@link Rpo}
 * allows. If the host's disk fails, all goes on to the NAS from memory, and then to the NAS at once.
 *
 * <p>Thread-safe; the caller sees to it that overlapping changes come one after the other, by {@code changes}.
 */
final class WriteBehind implements AutoCloseable {

    /** What becomes of a change. */
    private enum Stage {
        /** It is sent to the NAS; the log is empty, if there is one. */
        THROUGH,
        /** It is appended to the log. */
        BEHIND,
        /** The same, but less and less, until the log is empty. */
        LEAVING,
        /** It waits until the NAS has what is in the log, which takes no more. */
        FAILED
    }

    private static final System.Logger LOG = System.getLogger(WriteBehind.class.getName());

    /** The router ends an epoch itself when it has so much, or after this part of the RPO. */
    static final long EPOCH_BYTES = 8 << 20;

    static final int EPOCHS_PER_RPO = 4;

    /** When so little is left, changes wait until it is on the NAS. */
    private static final long LAST_BYTES = 128 << 10;

    private static final int ALARM_PERCENT = 75;
    private static final long MEBIBYTE = 1 << 20;

    private static final Duration LONGEST_AGE = Duration.ofDays(1);
    private static final long RENEW_NANOS = 2_000_000_000;

    /** How often in succession the NAS must have said no. */
    private static final int ATTEMPTS = 5;

    /** How long a change may wait because all are to be written through: so long for its turn, so long for the end of it. */
    private static final long PATIENCE_NANOS = 50_000_000;

    /** Then who writes more than the NAS takes is made to wait longer, or it would never end. */
    private static final long POLITE_NANOS = 60_000_000_000L;

    /** How long a part of the disk that goes home by the log waits for all before it. */
    private static final long LEISURE_NANOS = 1_000_000_000;

    private static final int LEISURE_PERCENT = 50;

    private static final long FIRST_DELAY_MILLIS = 20;
    private static final long LAST_DELAY_MILLIS = 2000;

    private final String disk;
    private final SpooledOverlay overlay;
    private final Optional<LogFiles> files;
    private final RangeLock changes;
    private final Scheduler scheduler;
    private final Drained drained;
    private final EpochSender sender;
    private final NewestImage newest;

    private final ReentrantLock lock = new ReentrantLock();

    /** The log has more room, is emptier, has failed, or is not used any more. */
    private final Condition progress = lock.newCondition();

    /** There may be something to send on. */
    private final Condition work = lock.newCondition();

    private volatile Stage stage = Stage.THROUGH;
    private volatile Optional<WriteBehindLog> log = Optional.empty();
    /** How many wait for all to be on the NAS. */
    private int inHaste;

    /** Changes that wait to be appended, in their order. */
    private final Deque<Change> waiting = new ArrayDeque<>();

    private Optional<Scheduler.Task> drainer = Optional.empty();
    private Duration age = Duration.ZERO;
    private long credit;

    /** How much of the credit the epoch has brought that is being sent on, and half of what this attempt has sent. */
    private long allowed;

    private long sent;

    private volatile boolean closing;
    private long delayMillis = FIRST_DELAY_MILLIS;
    private int failedAttempts;
    private volatile boolean endOwed;
    private boolean failureNoted;
    private OptionalLong renewedNanos = OptionalLong.empty();
    private volatile long leavingSince;

    /** How many changes are on their way to the NAS at once. */
    private final AtomicInteger going = new AtomicInteger();

    /** How often changes began to be appended while some that went through were without a flush. */
    private final AtomicLong debts = new AtomicLong();

    /** After how many of these times all that had gone through was flushed. */
    private final AtomicLong paid = new AtomicLong();

    private volatile String diskProblem = "";
    private volatile String nasProblem = "";

    /** Is told what has been sent on. */
    interface Drained {
        void sent(long bytes, long startNanos);

        /** It has been flushed. */
        void flushed(long startNanos);
    }

    /** Nothing is written behind yet. */
    WriteBehind(
            String disk,
            SpooledOverlay overlay,
            Optional<LogFiles> files,
            RangeLock changes,
            Scheduler scheduler,
            Drained drained) {
        this.disk = disk;
        this.overlay = overlay;
        this.files = files;
        this.changes = changes;
        this.scheduler = scheduler;
        this.drained = drained;
        this.sender = new EpochSender(overlay, this::pace);
        this.newest = new NewestImage(overlay, () -> log);
    }

    /**
     * Goes on with what an earlier process has left. Nobody else uses the disk yet.
     *
     * @param rpo if changes are to be written behind from now on
     */
    void resume(Optional<Rpo> rpo) throws IOException {
        var left = files.isPresent() ? files.get().behind(size()) : Optional.<WriteBehindLog>empty();
        if (left.isEmpty()) {
            return;
        }
        log = left;
        for (var epoch : left.get().epochs()) {
            epoch.changes().forEach(change -> map().hold(change.offset(), change.length()));
        }
        debts.incrementAndGet();
        leavingSince = scheduler.nanos();
        age = rpo.map(Rpo::age).orElse(LONGEST_AGE); // who writes meanwhile is slowed down by other means
        stage = rpo.isPresent() ? Stage.BEHIND : Stage.LEAVING;
        startDrainer();
    }

    long size() {
        return overlay.size();
    }

    /** Which clusters the private image holds, or will hold. */
    ClusterMap map() {
        return overlay.map();
    }

    /** What is wrong and what to do, or empty. */
    String problem() {
        return first(overlay.problem(), nasProblem, diskProblem, lateness(), overlay.silence());
    }

    /** The same, apart from what only makes writers wait. */
    String failure() {
        return first(overlay.problem(), nasProblem, diskProblem, overlay.silence());
    }

    private static String first(String... texts) {
        return Stream.of(texts).filter(each -> !each.isEmpty()).findFirst().orElse("");
    }

    /** An alarm comes before writers have to wait. */
    private String lateness() {
        var current = log;
        if (!active() || current.isEmpty()) {
            return "";
        }
        var promise = promise();
        var now = age();
        if (now.toNanos() >= promise.toNanos() / 100 * ALARM_PERCENT) {
            return "What disk " + disk + " wrote " + now.toSeconds() + " s ago is not on the NAS yet, "
                    + (now.compareTo(promise) < 0
                            ? "and when it is " + promise.toSeconds() + " s, further writes have to wait"
                            : "so further writes wait until no more than " + promise.toSeconds() + " s may be lost")
                    + remedy();
        }
        long percent = current.get().percentUsed();
        return percent < ALARM_PERCENT
                ? ""
                : "Of the " + current.get().room() / MEBIBYTE + " MiB that disk " + disk
                        + " may lose with this host, " + percent
                        + " % are not on the NAS yet, and at 100 % further writes have to wait" + remedy();
    }

    private String remedy() {
        return ". Check the NAS and the way to it"
                + (files.filter(host -> host.sendRate().limits()).isPresent()
                        ? ", and the rate at which this host may send on"
                        : "");
    }

    void forgetProblem() {
        diskProblem = "";
    }

    /** Whether anything is written behind, or is still to be sent on. */
    boolean active() {
        return stage != Stage.THROUGH;
    }

    /** Whether a change is appended to the log, as far as there is room. */
    boolean appends() {
        return stage == Stage.BEHIND || stage == Stage.LEAVING;
    }

    /** How old the oldest change may become before others wait. */
    private Duration promise() {
        lock.lock();
        try {
            return age;
        } finally {
            lock.unlock();
        }
    }

    /** How long the oldest change has been acknowledged that is not on the NAS; zero if all is. */
    Duration age() {
        return Duration.ofNanos(log.map(each -> each.age().orElse(0)).orElse(0L));
    }

    /** Whether any acknowledged change is not on the NAS. */
    boolean isPending() {
        return log.filter(each -> !each.isEmpty()).isPresent();
    }

    /** How much data of acknowledged changes is not on the NAS; zeroes and trims carry none. */
    long bytes() {
        return log.map(WriteBehindLog::bytes).orElse(0L);
    }

    /** What reads of the private image find. */
    NewestImage newest() {
        return newest;
    }

    /** As {@link SpooledOverlay#startWrite}; when it has ended, {@link #ended} must be called. */
    boolean startWrite(Change.Write change, MemorySegment memory, long at, ChangeCompletion completion) {
        if (!goes()) {
            return false;
        }
        boolean started = false;
        try {
            started = overlay.startWrite(change, memory, at, completion);
        } finally {
            if (!started) {
                ended();
            }
        }
        return started;
    }

    /** Returns whether a change may go to the NAS at once; when it has ended, {@link #ended} must be called. */
    private boolean goes() {
        if (stage != Stage.THROUGH) {
            return false;
        }
        going.incrementAndGet();
        if (stage == Stage.THROUGH) {
            return true;
        }
        ended(); // whoever waits for those that go has not seen this one, or waits for it
        return false;
    }

    /** A change that went to the NAS at once has ended, before it is acknowledged. */
    void ended() {
        if (going.decrementAndGet() == 0 && stage != Stage.THROUGH) {
            signal(progress);
        }
    }

    void submit() {
        overlay.submit();
    }

    /** Appends a change, if it can be done at once. */
    boolean writeNow(Change.Write change) {
        if (!appends() || change.payload() > WriteBehindLog.PIECE_BYTES || !lock.tryLock()) {
            return false;
        }
        try {
            map().hold(change.offset(), change.length());
            return appends() && waiting.isEmpty() && append(change, false);
        } catch (LocalDiskException failure) {
            fail(failure);
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Carries a change out, or notes it. */
    void change(Change change) throws IOException {
        map().hold(change.offset(), change.length());
        long start = scheduler.nanos();
        long end = change.offset() + change.length();
        for (long at = change.offset(); at < end; ) {
            if (goes()) {
                try {
                    overlay.change(change.part(at, end - at));
                    return;
                } finally {
                    ended();
                }
            }
            long length = change.payload() > 0 ? Math.min(WriteBehindLog.PIECE_BYTES, end - at) : end - at;
            if (awaitAppended(change.part(at, length), start)) {
                at += length;
            }
        }
    }

    /**
     * Returns false once changes are not appended any more.
     *
     * @param start since when it has waited
     */
    private boolean awaitAppended(Change change, long start) throws IOException {
        lock.lock();
        try {
            waiting.addLast(change);
            try {
                return appendInTurn(change, start);
            } finally {
                waiting.removeIf(each -> each == change);
                if (!waiting.isEmpty()) {
                    progress.signalAll(); // it is the next one's turn
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean appendInTurn(Change change, long start) throws IOException {
        while (stage != Stage.THROUGH) {
            refuseIfClosing();
            boolean hasWaited = isPolite() && patience(start) <= 0;
            boolean mayGo = stage != Stage.FAILED && (hasWaited || waiting.peekFirst() == change);
            try {
                if (mayGo && append(change, hasWaited)) {
                    return true;
                }
            } catch (LocalDiskException failure) {
                fail(failure);
                continue;
            }
            if (mayGo && stage == Stage.BEHIND) {
                log.orElseThrow().endEpoch(); // or it would be sent on only when it is old enough
            }
            work.signalAll();
            long left = patience(start);
            if (isPolite() && left > 0) {
                scheduler.await(progress, left);
            } else {
                scheduler.await(progress);
            }
        }
        return false;
    }

    /** Whether changes are still appended as the guest likes while all are about to be written through. */
    private boolean isPolite() {
        return stage == Stage.LEAVING && scheduler.nanos() - leavingSince < POLITE_NANOS;
    }

    /** For how many nanoseconds somebody may wait who has waited since then. */
    private long patience(long start) {
        return PATIENCE_NANOS - (scheduler.nanos() - start);
    }

    /** @param hasWaited long enough for its turn */
    private boolean append(Change change, boolean hasWaited) throws LocalDiskException {
        var current = log.orElseThrow();
        boolean late = current.age().orElse(0) > age.toNanos();
        long cost = Epoch.cost(change);
        boolean mustLetItEmpty = stage == Stage.LEAVING && credit < cost && !current.isEmpty() && !hasWaited;
        if (late || mustLetItEmpty || !current.append(change)) {
            return false;
        }
        credit -= cost;
        var open = current.open();
        if (open.isPresent() && open.get().cost() >= EPOCH_BYTES) {
            current.endEpoch();
            work.signalAll();
        } else if (open.isPresent() && open.get().changes().size() == 1) {
            work.signalAll(); // so that its end is awaited
        }
        return true;
    }

    private void fail(LocalDiskException failure) {
        lock.lock();
        try {
            if (!appends()) {
                return;
            }
            stage = Stage.FAILED;
            diskProblem = "The local disk fails, so all that disk " + disk + " writes goes to the NAS at once: "
                    + failure.getMessage() + ". Make room on it or replace it, then choose its placement again";
            LOG.log(Level.ERROR, diskProblem, failure);
            work.signalAll();
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void refuseIfClosing() throws BlockException {
        if (closing) {
            throw new BlockException(Errno.ESHUTDOWN, "disk " + disk + " is being closed");
        }
    }

    /**
     * Returns once every change that completed before this call is durable, on this host or on the NAS.
     *
     * @return whether there was anything to do on the NAS
     */
    boolean flush() throws IOException {
        while (true) {
            var current = log;
            if (!appends() || current.isEmpty()) {
                if (awaitSound()) {
                    return overlay.flush();
                }
                continue; // it has just begun
            }
            try {
                long end = current.get().endEpoch();
                signal(work);
                current.get().sync(end);
                return payDebts();
            } catch (LocalDiskException failure) {
                fail(failure);
            }
        }
    }

    /** Flushes what went to the NAS at once before changes were appended, if there may be any; returns whether there may. */
    private boolean payDebts() throws IOException {
        if (!owes()) {
            return false;
        }
        long owed = debts.get();
        awaitNoneGoing();
        overlay.flush();
        paid.accumulateAndGet(owed, Math::max);
        return true;
    }

    private boolean owes() {
        return paid.get() < debts.get();
    }

    private void awaitNoneGoing() throws BlockException {
        overlay.submit(); // what has been started need not wait
        lock.lock();
        try {
            while (going.get() > 0 && stage != Stage.THROUGH) { // then a flush covers all that was acknowledged
                refuseIfClosing();
                scheduler.await(progress);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until what was written behind is on the NAS, if the host's disk has failed; returns whether nothing is written behind. */
    private boolean awaitSound() throws BlockException {
        lock.lock();
        try {
            refuseIfClosing();
            while (stage == Stage.FAILED) {
                scheduler.await(progress);
                refuseIfClosing();
            }
            return stage == Stage.THROUGH;
        } finally {
            lock.unlock();
        }
    }

    private void signal(Condition condition) {
        lock.lock();
        try {
            condition.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns once every change that completed before this call is on the NAS, for good. */
    void flushHome() throws IOException {
        awaitSent();
        overlay.flush();
    }

    private void awaitSent() throws IOException {
        awaitSent(Long.MAX_VALUE);
    }

    /** Returns whether the NAS has got all within this time that was appended before. */
    private boolean awaitSent(long nanos) throws IOException {
        lock.lock();
        inHaste++;
        try {
            return awaitLastEpochSent(nanos);
        } finally {
            inHaste--;
            lock.unlock();
        }
    }

    /**
     * Returns once the NAS has got all that was appended before, or after a while if much more may be appended; the host's rate
     * is kept.
     */
    void awaitSentAtLeisure() throws IOException {
        lock.lock();
        try {
            boolean sent = false;
            while (!sent && stage != Stage.THROUGH) {
                sent = awaitLastEpochSent(LEISURE_NANOS) || log.orElseThrow().percentUsed() < LEISURE_PERCENT;
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitLastEpochSent(long nanos) throws IOException {
        refuseIfClosing();
        if (stage == Stage.THROUGH) {
            return true;
        }
        var current = log.orElseThrow();
        var last = current.last();
        if (last.isEmpty()) {
            return true;
        }
        current.endEpoch();
        long start = scheduler.nanos();
        while (stage != Stage.THROUGH && current.has(last.get())) {
            long left = nanos - (scheduler.nanos() - start);
            if (left <= 0) {
                return false;
            }
            refuseIfNasRefuses();
            work.signalAll();
            scheduler.await(progress, left);
        }
        return true;
    }

    private void pace(long bytes) {
        sent += bytes / 2;
        if (stage == Stage.LEAVING && sent > allowed) {
            allow(sent - allowed);
        }
        var rate = files.orElseThrow().sendRate();
        if (rate.limits()) {
            overlay.submit(); // what has been started need not wait
            rate.await(bytes, this::isInHaste);
        }
    }

    /** Whether more is at stake than the link's other users. */
    private boolean isInHaste() {
        lock.lock();
        try {
            return closing || inHaste > 0 || stage != Stage.BEHIND;
        } finally {
            lock.unlock();
        }
    }

    /**
     * From now on changes are written behind, if this host's disk allows it; else the problem says why not. None waits for
     * that, but the next flush covers the NAS, too. Called by one thread at a time.
     *
     * @throws IOException of the NAS; nothing has changed
     */
    void begin(Rpo rpo) throws IOException {
        if (setAge(rpo.age())) {
            if (stage == Stage.FAILED || log.filter(each -> each.fits(rpo)).isPresent()) {
                return;
            }
            leave();
        }
        if (files.isEmpty() || !diskProblem.isEmpty()) {
            return;
        }
        joinDrainer(); // of an earlier log that has failed
        WriteBehindLog opened;
        try {
            opened = files.get().beginBehind(size(), rpo);
            endOwed = false;
        } catch (LocalDiskException failure) {
            diskProblem = "Disk " + disk + " cannot be written behind: " + failure.getMessage()
                    + ". Make room on this host's disk or replace it, then choose its placement again";
            LOG.log(Level.ERROR, diskProblem, failure);
            return;
        }
        boolean begun = false;
        try {
            overlay.flush(); // so that little is left for the next flush
            renew(opened);
            begun = enter(opened);
        } finally {
            if (!begun) {
                opened.close();
                endOwed = true;
            }
        }
        LOG.log(Level.INFO, "disk {0}: is written behind", disk);
    }

    /**
     * Returns once no more may be lost than the RPO allows, if changes are written behind: the NAS has what went through before.
     *
     * @throws IOException of the NAS; it is tried again
     */
    void awaitPromise() throws IOException {
        payDebts();
    }

    /** Returns whether changes are written behind already. */
    private boolean setAge(Duration wanted) {
        lock.lock();
        try {
            age = wanted;
            if (stage == Stage.LEAVING) {
                stage = Stage.BEHIND;
                progress.signalAll();
            }
            return stage != Stage.THROUGH;
        } finally {
            lock.unlock();
        }
    }

    private boolean enter(WriteBehindLog opened) throws BlockException {
        lock.lock();
        try {
            refuseIfClosing();
            log = Optional.of(opened);
            failureNoted = false;
            debts.incrementAndGet(); // what went through may be without a flush
            stage = Stage.BEHIND;
            startDrainer();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void startDrainer() {
        drainer = Optional.of(scheduler.start("write-behind of " + disk, this::drain));
    }

    /**
     * From now on changes go to the NAS at once. Takes until it has what is in the log; changes wait for the end of it
     * only. Called by one thread at a time.
     *
     * @return whether anything was written behind
     */
    boolean leave() throws IOException {
        if (!startLeaving()) {
            endIfOwed();
            return false;
        }
        boolean done = false;
        while (!done && stage == Stage.LEAVING) {
            awaitNearlyEmpty();
            done = becomeThrough();
            if (!done) {
                awaitSent();
            }
        }
        if (!done) { // this host's disk has failed
            awaitSent();
            awaitSound();
            return true;
        }
        joinDrainer();
        closeLog();
        endOwed = true;
        endIfOwed();
        LOG.log(Level.INFO, "disk {0}: is written through", disk);
        return true;
    }

    /** Has all changes wait for the rest of the log; returns false if that takes long, so that they go on. */
    private boolean becomeThrough() throws IOException {
        long start = scheduler.nanos();
        try (var all = changes.enter(0, size())) {
            while (!all.await(PATIENCE_NANOS)) {
                if (isPolite()) {
                    return false;
                }
                refuseIfNasRefuses(); // whoever holds a part of it waits for that, too
            }
            return awaitSent(isPolite() ? patience(start) : Long.MAX_VALUE) && become(Stage.LEAVING, Stage.THROUGH);
        }
    }

    /** The log is empty and takes no more. */
    private void endIfOwed() throws IOException {
        if (endOwed) {
            files.orElseThrow().endBehind();
            endOwed = false;
        }
    }

    private boolean startLeaving() {
        lock.lock();
        try {
            leavingSince = scheduler.nanos();
            if (stage == Stage.BEHIND) {
                stage = Stage.LEAVING;
                credit = 0;
                work.signalAll();
            }
            return stage != Stage.THROUGH;
        } finally {
            lock.unlock();
        }
    }

    private void awaitNearlyEmpty() throws IOException {
        lock.lock();
        try {
            while (stage == Stage.LEAVING && (failedAttempts > 0 || isMuch())) {
                refuseIfNasRefuses();
                scheduler.await(progress);
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isMuch() {
        var current = log.orElseThrow();
        return current.cost() > LAST_BYTES || current.age().orElse(0) > age.toNanos();
    }

    private boolean become(Stage expected, Stage next) {
        lock.lock();
        try {
            if (stage != expected) {
                return false;
            }
            stage = next;
            progress.signalAll();
            work.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void closeLog() throws IOException {
        var current = log;
        log = Optional.empty();
        if (current.isPresent()) {
            current.get().close();
        }
    }

    private void joinDrainer() {
        drainer.ifPresent(Scheduler.Task::join);
        drainer = Optional.empty();
    }

    private void drain() {
        while (awaitWork()) {
            if (!sendOldest()) {
                pause();
            }
        }
    }

    /** Waits until there is something to do; returns whether there will be. */
    private boolean awaitWork() {
        lock.lock();
        try {
            for (long left = untilDue(); left > 0; left = untilDue()) {
                scheduler.await(work, left);
            }
            return !closing && stage != Stage.THROUGH;
        } finally {
            lock.unlock();
        }
    }

    /** In how many nanoseconds there is something to do, if nothing else happens. */
    private long untilDue() {
        if (closing || stage == Stage.THROUGH || stage == Stage.FAILED) {
            return 0;
        }
        var oldest = log.orElseThrow().oldest();
        if (oldest.isEmpty()) {
            return owes() ? 0 : Long.MAX_VALUE;
        }
        boolean due = oldest.get().ended() || stage == Stage.LEAVING;
        return due
                ? 0
                : age.toNanos() / EPOCHS_PER_RPO - log.orElseThrow().age().orElse(0);
    }

    private void pause() {
        long end = scheduler.nanos() + TimeUnit.MILLISECONDS.toNanos(delayMillis);
        delayMillis = Math.min(2 * delayMillis, LAST_DELAY_MILLIS);
        lock.lock();
        try {
            for (long left = end - scheduler.nanos(); left > 0 && !closing; left = end - scheduler.nanos()) {
                scheduler.await(work, left);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends the oldest epoch on, if there is one; if the host's disk has failed and there is none, ends that. One thread at a
     * time.
     *
     * @return false if it is to be tried again later
     */
    boolean sendOldest() {
        try {
            var epoch = endOldest();
            if (epoch.isPresent()) {
                send(epoch.get());
            } else if (stage == Stage.FAILED) {
                endFailed();
            } else if (stage != Stage.THROUGH) {
                payDebts();
            }
            nasProblem = "";
            delayMillis = FIRST_DELAY_MILLIS;
            countFailures(0);
            return true;
        } catch (IOException
                | RuntimeException
                | OutOfMemoryError failure) { // whoever waits for it would wait for ever
            if (!closing) {
                nasProblem = "What disk " + disk + " has written cannot be sent on to the NAS: " + failure.getMessage()
                        + ". It is tried again. Check the NAS";
                LOG.log(Level.WARNING, nasProblem, failure);
                countFailures(failedAttempts + 1);
            }
            return false;
        }
    }

    private void countFailures(int count) {
        lock.lock();
        try {
            failedAttempts = count;
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whoever waits for the NAS to have all need not wait for one that says no. */
    private void refuseIfNasRefuses() throws IOException {
        refuseIfClosing();
        if (failedAttempts >= ATTEMPTS) {
            throw new IOException(nasProblem);
        }
    }

    /** After a failure of the host's disk nothing is added to an epoch, so it need not be ended. */
    private Optional<Epoch> endOldest() {
        lock.lock();
        try {
            if (stage == Stage.THROUGH) {
                return Optional.empty();
            }
            var oldest = log.orElseThrow().oldest();
            if (oldest.isPresent() && !oldest.get().ended() && stage != Stage.FAILED) {
                log.orElseThrow().endEpoch();
            }
            return oldest;
        } finally {
            lock.unlock();
        }
    }

    private void send(Epoch epoch) throws IOException {
        var current = log.orElseThrow();
        renew(current);
        long start = System.nanoTime();
        try {
            if (stage != Stage.FAILED) {
                current.sync(epoch.endPosition());
            }
        } catch (LocalDiskException failure) {
            fail(failure);
        }
        sent = 0;
        payDebts(); // or zeroes that are sent on might meet a write to the same cluster
        drained.sent(sender.send(epoch.newest()), start);
        long flushStart = System.nanoTime();
        overlay.flush();
        drained.flushed(flushStart);
        renew(current);
        note(current, epoch);
        allow(epoch.cost() / 2 - allowed);
        allowed = 0;
    }

    /** As much may be added as half of what is sent on, so that it becomes less. Called by the one who sends. */
    private void allow(long cost) {
        lock.lock();
        try {
            credit += cost;
            allowed += cost;
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** So that the NAS tells later whether somebody else has changed the image since, or it was put back itself. */
    private void renew(WriteBehindLog current) throws IOException {
        long now = scheduler.nanos();
        if (renewedNanos.isEmpty() || now - renewedNanos.getAsLong() > RENEW_NANOS) {
            if (stage != Stage.FAILED) {
                noteRenewal(current);
            }
            files.orElseThrow().renewBehind(current.renewals());
            renewedNanos = OptionalLong.of(now);
        }
    }

    private void noteRenewal(WriteBehindLog current) {
        try {
            current.renew();
        } catch (LocalDiskException failure) {
            fail(failure);
        }
    }

    /** What the file holds cannot be relied on once something is missing in it, and whoever finds it must know that. */
    private void noteFailure() throws IOException {
        if (!failureNoted) {
            files.orElseThrow().failBehind();
            failureNoted = true;
        }
    }

    private void note(WriteBehindLog current, Epoch epoch) throws IOException {
        if (stage != Stage.FAILED) {
            try {
                current.drained(epoch);
                return;
            } catch (LocalDiskException failure) {
                fail(failure);
            }
        }
        noteFailure();
        current.forget(epoch);
    }

    /** The NAS has all, and must not say any more that anything is here: what the file holds cannot be relied on. */
    private void endFailed() throws IOException {
        files.orElseThrow().endBehind();
        Optional<WriteBehindLog> old;
        lock.lock();
        try {
            old = log;
            log = Optional.empty();
            stage = Stage.THROUGH;
            progress.signalAll();
        } finally {
            lock.unlock();
        }
        if (old.isPresent()) {
            try {
                old.get().close();
            } catch (IOException failure) {
                LOG.log(Level.WARNING, "disk " + disk + ": close of the log", failure);
            }
        }
    }

    /**
     * Waits for the requests that are with the NAS, refuses later ones, and closes the private image and the log, which
     * keeps what is not on the NAS yet.
     *
     * @throws IOException as {@link SpooledOverlay#close}, or the host's disk fails
     */
    @Override
    public void close() throws IOException {
        syncLog();
        lock.lock();
        try {
            while (stage == Stage.FAILED && !closing && failedAttempts < ATTEMPTS) { // only memory has it
                scheduler.await(progress);
            }
            closing = true;
            work.signalAll();
            progress.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            overlay.close();
        } finally {
            joinDrainer();
            closeLog();
        }
    }

    /** Nobody writes any more. */
    private void syncLog() {
        try {
            if (appends() && log.isPresent()) {
                log.get().sync(log.get().endEpoch());
            }
        } catch (LocalDiskException failure) {
            fail(failure);
        }
    }
}
