package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The expected figures are computed by hand from the model that {@link PlacementWatch} describes. */
class PlacementWatchTest {

    private static final long BEGIN = -5_000; // a time like that of System.nanoTime() may be negative
    private static final long MILLI = 1_000_000;
    private static final Rpo FOUR_SECONDS = new Rpo(Duration.ofSeconds(4), Rpo.MIN_BYTES);
    private static final int AT_ONCE = 0;
    private static final int JOURNAL = 1;
    private static final int BEHIND = 2;

    private final PlacementWatch watch = new PlacementWatch(List.of(FOUR_SECONDS), Duration.ofMinutes(1), BEGIN);

    private static long at(long millis) {
        return BEGIN + millis * MILLI;
    }

    private void write(long millis, RequestClass used, long offset, long length) {
        watch.changed(used, offset, length, true, at(millis));
    }

    private void zero(long millis, long offset, long length) {
        watch.changed(RequestClass.PRIVATE, offset, length, false, at(millis));
    }

    private void flush(long millis) {
        watch.flushBegins(at(millis));
        watch.flushed(false, at(millis), at(millis) + 500_000);
    }

    private PlacementOutcome outcome(long millis, int placement) {
        return watch.result(at(millis)).outcomes().get(placement);
    }

    private static Loss loss(long bytes, long nanos) {
        return new Loss(bytes, Duration.ofNanos(nanos));
    }

    @Test
    void anEpochIsSentWhenItIsAQuarterOfTheBoundOldOrFlushed() {
        write(500, RequestClass.PRIVATE, 0, 1_000_000); // due at 1500, and sent in 10 ms
        write(2200, RequestClass.PRIVATE, 0, 4096);
        write(2200, RequestClass.PRIVATE, 0, 4096);
        flush(2300); // 4096 bytes take 40,960 ns
        var outcome = outcome(4000, BEHIND);
        assertEquals(1_004_096, outcome.nasBytes());
        assertEquals(1, outcome.flushesWithoutNas());
        assertEquals(loss(1_000_000, 1_010 * MILLI), outcome.worst()); // seconds: 1,000,000 1,000,000 8192 0 bytes
        assertEquals(loss(8192, 100 * MILLI + 40_960), outcome.typical()); // 0.5, 1.01, 0.1, 0 s
        assertEquals(
                new LossHistory(
                        1,
                        List.of(
                                loss(1_000_000, 500 * MILLI),
                                loss(1_000_000, 1_010 * MILLI),
                                loss(8192, 100 * MILLI + 40_960),
                                loss(0, 0))),
                outcome.history());
        assertEquals(0, outcome.secondsWaited());
    }

    @Test
    void withinAnEpochTheNewestContentOfEachByteIsSent() {
        write(0, RequestClass.PRIVATE, 0, 10_000);
        write(0, RequestClass.PRIVATE, 5_000, 10_000); // 15,000
        zero(0, 2_000, 1_000); // 14,000
        write(0, RequestClass.JOURNAL, 2_500, 100); // 14,100
        flush(1);
        write(2, RequestClass.PRIVATE, 0, 100); // another epoch
        assertEquals(14_200, outcome(3, BEHIND).nasBytes());
        flush(4);
        assertEquals(14_200, outcome(5, BEHIND).nasBytes());
        assertEquals(20_200, outcome(5, AT_ONCE).nasBytes());
        assertEquals(20_100, outcome(5, JOURNAL).nasBytes());
        assertEquals(20_200, watch.result(at(5)).writtenBytes());
    }

    @Test
    void anEpochOfEightMebibytesEnds() {
        int length = 4 << 10; // so short that what it takes to note them makes epochs of fewer
        long cost = length + 64 + 256;
        int piecesPerEpoch = (int) Math.ceilDiv(8L << 20, cost);
        for (int i = 0; i < piecesPerEpoch; i++) {
            write(0, RequestClass.PRIVATE, 0, length);
        }
        assertEquals(length, outcome(0, BEHIND).nasBytes());
        write(0, RequestClass.PRIVATE, 0, length);
        assertEquals(2L * length, outcome(0, BEHIND).nasBytes());
        flush(0);
        assertEquals(2L * length, outcome(0, BEHIND).nasBytes());
    }

    @Test
    void aLargeWriteIsSeveralPiecesOfALog() {
        write(0, RequestClass.PRIVATE, 0, 9 << 20); // the eighth of 1 MiB and its note makes 8 MiB
        write(0, RequestClass.PRIVATE, 8 << 20, 1 << 20); // in the same epoch as the ninth
        assertEquals(9 << 20, outcome(0, BEHIND).nasBytes());
        write(0, RequestClass.PRIVATE, 7 << 20, 1 << 20); // the eighth is in an earlier one
        assertEquals(10 << 20, outcome(0, BEHIND).nasBytes());
    }

    @Test
    void epochsAreSentAsFastAsTheNasWasSeenToTakeThem() {
        write(0, RequestClass.PRIVATE, 0, 1_000_000);
        watch.sent(1_000_000, at(0), at(500));
        watch.drainFlushed(at(500), at(1000)); // 1 MB in a second, of which half is the flush
        write(1000, RequestClass.PRIVATE, 0, 1_000_000); // the first was sent on at 1000, which took 1.5 s
        flush(1000); // sent from 2500 to 4000
        var outcome = outcome(6000, BEHIND);
        assertEquals(loss(2_000_000, 3_000 * MILLI), outcome.worst()); // seconds: 1, 2, 2, 1, 0, 0 MB
        assertEquals(loss(1_000_000, 1_000 * MILLI), outcome.typical()); // 1, 2, 2.5 and 2, 3, 0, 0 s
        assertEquals(
                List.of(
                        loss(1_000_000, 1_000 * MILLI),
                        loss(2_000_000, 2_000 * MILLI),
                        loss(2_000_000, 2_500 * MILLI),
                        loss(1_000_000, 3_000 * MILLI),
                        loss(0, 0),
                        loss(0, 0)),
                outcome.history().losses());
    }

    @Test
    void whatWouldHaveHadToWaitIsToldAndTheBoundIsKept() {
        watch.flushed(true, at(-11_000), at(0)); // a flush takes 11 s
        write(0, RequestClass.PRIVATE, 0, 4096);
        flush(0);
        write(4000, RequestClass.PRIVATE, 0, 4096); // as old as it may be
        assertEquals(0, outcome(4000, BEHIND).secondsWaited());
        write(4001, RequestClass.PRIVATE, 0, 4096);
        write(4002, RequestClass.PRIVATE, 0, 4096);
        write(5000, RequestClass.PRIVATE, 0, 4096);
        var outcome = outcome(20_000, BEHIND);
        assertEquals(2, outcome.secondsWaited());
        assertEquals(8192, outcome.nasBytes(), "the second epoch takes all until the NAS has the first, at 11,000");
        assertEquals(Duration.ofSeconds(4), outcome.worst().age());
        assertEquals(Duration.ofSeconds(4), outcome.typical().age());
        assertEquals(
                Duration.ofSeconds(4), outcome.history().losses().getLast().age(), "the bound holds at each second");
    }

    /** With what it takes to note them, sixteen times a MiB is more than the bound. */
    @Test
    void moreBytesThanTheBoundWait() {
        for (int i = 0; i < 15; i++) {
            write(0, RequestClass.PRIVATE, (long) i << 20, 1 << 20);
        }
        assertEquals(0, outcome(0, BEHIND).secondsWaited());
        write(0, RequestClass.PRIVATE, 15 << 20, 1 << 20);
        assertEquals(1, outcome(0, BEHIND).secondsWaited());
        write(0, RequestClass.PRIVATE, 16 << 20, 1 << 20);
        assertEquals(loss(Rpo.MIN_BYTES, 0), outcome(0, BEHIND).worst());
    }

    @Test
    void whatTheNasHasMakesRoom() {
        for (int i = 0; i < 10; i++) { // sent in 40 ms each
            write(i * 1000, RequestClass.PRIVATE, 0, 4_000_000);
            flush(i * 1000);
        }
        assertEquals(0, outcome(10_000, BEHIND).secondsWaited());
        assertEquals(loss(4_000_000, 40 * MILLI), outcome(10_000, BEHIND).worst());
    }

    /** 4095 epochs wait by themselves, 905 as one: as old as the first of it, and done with the last. */
    @Test
    void moreEpochsThanCanWaitOneByOne() {
        var bound = new Rpo(Duration.ofMinutes(10), Rpo.MIN_BYTES);
        var slow = new PlacementWatch(List.of(bound), Duration.ofMinutes(20), BEGIN);
        slow.flushed(true, at(-100), at(0)); // each takes 100 ms, and a microsecond for its bytes
        for (int i = 0; i < 5000; i++) {
            long millis = i < 4096 ? 0 : 50;
            slow.changed(RequestClass.PRIVATE, 0, 100, true, at(millis));
            slow.flushBegins(at(millis));
        }
        var outcome = slow.result(at(600_000)).outcomes().get(BEHIND);
        assertEquals(500_000, outcome.nasBytes());
        var losses = outcome.history().losses();
        assertEquals(loss(500_000, 1_000 * MILLI), losses.getFirst());
        assertEquals(loss(90_500, 500_000 * MILLI), losses.get(499));
        assertEquals(loss(90_500, 500_005 * MILLI), losses.get(500));
        assertEquals(loss(0, 0), losses.get(501));
    }

    @Test
    void aFlushWithoutChangesSendsNothing() {
        watch.flushed(true, at(-1_000), at(0)); // takes a second
        flush(0);
        write(100, RequestClass.PRIVATE, 0, 1000);
        flush(100);
        assertEquals(loss(1000, 1_000 * MILLI + 10_000), outcome(4000, BEHIND).worst());
    }

    @Test
    void aFlushWaitsForTheNasIfThereIsSomethingToFlush() {
        flush(0);
        write(1, RequestClass.JOURNAL, 0, 4096);
        flush(2);
        write(3, RequestClass.PRIVATE, 0, 4096);
        flush(4);
        write(5, RequestClass.SWAP, 0, 4096);
        watch.changed(RequestClass.SWAP, 4096, 4096, false, at(5));
        flush(6);
        zero(7, 0, 4096);
        flush(8);
        assertEquals(2, outcome(9, AT_ONCE).flushesWithoutNas());
        assertEquals(3, outcome(9, JOURNAL).flushesWithoutNas());
        assertEquals(5, outcome(9, BEHIND).flushesWithoutNas());
        var result = watch.result(at(9));
        assertEquals(5, result.flushes());
        assertEquals(500, result.flushMedian().toNanos() / 1000, 4);
        assertEquals(4096, result.swapBytes());
        assertEquals(8192, result.writtenBytes());
    }

    @Test
    void aJournalOnTheHostIsLostSinceTheWatchBegan() {
        write(1500, RequestClass.JOURNAL, 0, 4096);
        write(2500, RequestClass.JOURNAL, 0, 4096);
        var outcome = outcome(3500, JOURNAL);
        assertEquals(loss(8192, 2_000 * MILLI), outcome.worst()); // seconds: 0, 4096, 8192, 8192 bytes
        assertEquals(loss(4096, 500 * MILLI), outcome.typical()); // 0, 0.5, 1.5, 2 s
        assertEquals(loss(0, 0), outcome(3500, AT_ONCE).worst());
    }

    @Test
    void onlyTheJournalIsOnTheHost() {
        write(0, RequestClass.BASE_REWRITE, 0, 4096);
        flush(1);
        var outcome = outcome(2, JOURNAL);
        assertEquals(4096, outcome.nasBytes());
        assertEquals(0, outcome.flushesWithoutNas());
        assertEquals(loss(0, 0), outcome.worst());
    }

    @Test
    void ofALongWatchSeveralSecondsAreToldTogether() {
        var hour = new PlacementWatch(List.of(), Duration.ofHours(1), BEGIN);
        hour.changed(RequestClass.JOURNAL, 0, 4096, true, at(5_000));
        hour.changed(RequestClass.JOURNAL, 4096, 4096, true, at(3_595_000));
        var history = hour.result(at(3_600_000)).outcomes().get(JOURNAL).history();
        assertEquals(6, history.secondsPerLoss());
        assertEquals(600, history.losses().size());
        assertEquals(loss(4096, 1_000 * MILLI), history.losses().getFirst()); // the seconds 0 to 5
        assertEquals(loss(4096, 3_589_000 * MILLI), history.losses().get(598));
        assertEquals(loss(8192, 3_595_000 * MILLI), history.losses().getLast());
        var soon = hour.result(at(3_600_000)).outcomes().get(AT_ONCE).history();
        assertEquals(List.of(loss(0, 0)), soon.losses().stream().distinct().toList());
    }

    @Test
    void theLastOfSeveralSecondsMayBeOne() {
        var odd = new PlacementWatch(List.of(FOUR_SECONDS), Duration.ofSeconds(601), BEGIN);
        odd.changed(RequestClass.JOURNAL, 0, 4096, true, at(600_000));
        for (int placement : new int[] {JOURNAL, BEHIND}) {
            var history = odd.result(at(601_000)).outcomes().get(placement).history();
            assertEquals(2, history.secondsPerLoss());
            assertEquals(301, history.losses().size());
            assertEquals(loss(0, 0), history.losses().get(299));
            assertEquals(loss(4096, 1_000 * MILLI), history.losses().getLast());
        }
    }

    @Test
    void endsByItself() {
        assertFalse(watch.over(at(59_999)));
        assertTrue(watch.over(at(60_000)));
        write(59_000, RequestClass.PRIVATE, 0, 4096);
        write(60_000, RequestClass.PRIVATE, 0, 4096);
        flush(60_001);
        var result = watch.result(at(90_000));
        assertEquals(Duration.ofMinutes(1), result.watched());
        assertEquals(4096, result.writtenBytes());
        assertEquals(0, result.flushes());
        assertThrows(IllegalArgumentException.class, () -> new PlacementWatch(List.of(), Duration.ofMinutes(61), 0));
        var odd = new PlacementWatch(List.of(), Duration.ofMillis(1500), BEGIN);
        assertEquals(
                2,
                odd.result(at(2000)).outcomes().get(AT_ONCE).history().losses().size());
    }

    @Test
    void whoComesLateToTheLockDoesNotTurnTimeBack() {
        write(5500, RequestClass.PRIVATE, 0, 4096);
        write(5499, RequestClass.PRIVATE, 4096, 4096);
        assertEquals(8192, outcome(4000, BEHIND).worst().bytes());
        assertEquals(Duration.ofMillis(5500), watch.result(at(4000)).watched());
    }
}
