package org.triplel.router;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * All is written behind. Epochs end as those of {@link WriteBehind} do: at a flush, when they have
 * {@link WriteBehind#EPOCH_BYTES}, and when they are as old as a part of the RPO and the NAS has what came before. They are
 * sent one after the other, each as long as the {@link NasPace} of the moment says.
 */
final class BehindModel implements PlacementModel {

    /** So many epochs wait to be sent one by one; those that come when there are more join the last. */
    private static final int MAX_EPOCHS = 4096;

    /** What an epoch that has ended leaves when the NAS has it. */
    private record Sending(long bytes, long cost, long since, long done) {}

    private final Placement placement;
    private final Rpo rpo;
    private final NasPace pace;
    private final ExposureHistory history;
    private final Deque<Sending> ended = new ArrayDeque<>();
    private final WrittenBytes written = new WrittenBytes();
    private final long dueAge;

    private long epochSince = ExposureHistory.NEVER;
    private long epochBytes;
    private long epochCost;
    private long pendingBytes;
    private long pendingCost;
    private long nasFree;
    private long nasBytes;
    private long flushes;
    private int secondsWaited;
    private int lastWaited = -1;

    BehindModel(Placement placement, Rpo rpo, NasPace pace, int seconds) {
        this.placement = placement;
        this.rpo = rpo;
        this.pace = pace;
        this.history = new ExposureHistory(seconds);
        this.dueAge = rpo.age().toNanos() / WriteBehind.EPOCHS_PER_RPO;
    }

    @Override
    public void changed(long now, boolean journal, long offset, long length, boolean data) {
        pass(now);
        long end = offset + length;
        for (long at = offset; at < end; ) {
            long piece = data ? Math.min(WriteBehindLog.PIECE_BYTES, end - at) : end - at;
            append(now, at, piece, data);
            at += piece;
        }
    }

    private void append(long now, long offset, long length, boolean data) {
        int payload = data ? (int) length : 0;
        long cost = Epoch.cost(payload);
        if (pendingCost + cost > rpo.bytes()
                || now - Math.min(now, since()) > rpo.age().toNanos()) {
            noteWait();
        }
        epochSince = Math.min(epochSince, now);
        epochBytes += payload;
        epochCost += cost;
        pendingBytes += payload;
        pendingCost += cost;
        if (data) {
            written.write(offset, offset + length);
        } else {
            written.zero(offset, offset + length);
        }
        history.note(pendingBytes, since());
        if (epochCost >= WriteBehind.EPOCH_BYTES) {
            endEpoch(now);
        }
    }

    private void noteWait() {
        int second = history.second();
        if (second > lastWaited) {
            lastWaited = second;
            secondsWaited++;
        }
    }

    /** When the oldest change was acknowledged that is not on the NAS. */
    private long since() {
        return ended.isEmpty() ? epochSince : ended.getFirst().since();
    }

    @Override
    public void flush(long now) {
        pass(now);
        flushes++;
        endEpoch(now);
    }

    private void pass(long to) {
        while (true) {
            long done =
                    ended.isEmpty() ? ExposureHistory.NEVER : ended.getFirst().done();
            long due = epochSince == ExposureHistory.NEVER ? epochSince : Math.max(epochSince + dueAge, nasFree);
            long next = Math.min(to, Math.min(done, due));
            history.pass(next, pendingBytes, since());
            if (next == done) {
                var oldest = ended.removeFirst();
                pendingBytes -= oldest.bytes();
                pendingCost -= oldest.cost();
            } else if (next == due) {
                endEpoch(next);
            } else {
                return;
            }
        }
    }

    private void endEpoch(long now) {
        if (epochSince == ExposureHistory.NEVER) {
            return;
        }
        nasBytes += written.bytes();
        nasFree = Math.max(now, nasFree) + pace.nanosFor(written.bytes());
        ended.addLast(ended.size() < MAX_EPOCHS ? epoch() : joined(ended.removeLast(), epoch()));
        written.clear();
        epochSince = ExposureHistory.NEVER;
        epochBytes = 0;
        epochCost = 0;
    }

    private Sending epoch() {
        return new Sending(epochBytes, epochCost, epochSince, nasFree);
    }

    private static Sending joined(Sending one, Sending next) {
        return new Sending(one.bytes() + next.bytes(), one.cost() + next.cost(), one.since(), next.done());
    }

    @Override
    public PlacementOutcome outcome(long now) {
        pass(now);
        return new PlacementOutcome(
                placement,
                nasBytes + written.bytes(),
                flushes,
                history.worst().within(rpo),
                history.typical().within(rpo),
                history.spans().within(rpo),
                secondsWaited);
    }
}
