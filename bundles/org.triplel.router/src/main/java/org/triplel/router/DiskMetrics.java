package org.triplel.router;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** What became of a disk's requests, by class, direction and side. Recording takes no lock. */
public final class DiskMetrics {

    private static final long MAX_MICROS = 3_600_000_000L;
    private static final int DIGITS = 2;

    /**
     * The requests of one class, direction and side.
     *
     * @param requests how many since the disk was opened
     * @param bytes how many since the disk was opened
     * @param p50Micros median latency since the last sample in microseconds, 0 if there was no request
     * @param p99Micros 99th percentile of the latency since the last sample
     * @param maxMicros longest latency since the last sample
     */
    public record Counter(
            RequestClass requestClass,
            Direction direction,
            Side side,
            long requests,
            long bytes,
            long p50Micros,
            long p99Micros,
            long maxMicros) {}

    private static final class Cell {

        private final RequestClass requestClass;
        private final Direction direction;
        private final Side side;
        private final LongAdder requests = new LongAdder();
        private final LongAdder bytes = new LongAdder();
        private final Recorder latency = new Recorder(MAX_MICROS, DIGITS);
        private Histogram interval = latency.getIntervalHistogram();

        Cell(RequestClass requestClass, Direction direction, Side side) {
            this.requestClass = requestClass;
            this.direction = direction;
            this.side = side;
        }

        void record(long byteCount, long nanos) {
            latency.recordValue(Math.clamp(nanos / 1000, 1, MAX_MICROS));
            bytes.add(byteCount);
            requests.increment();
        }

        Counter sample() {
            interval = latency.getIntervalHistogram(interval);
            return new Counter(
                    requestClass,
                    direction,
                    side,
                    requests.sum(),
                    bytes.sum(),
                    interval.getValueAtPercentile(50),
                    interval.getValueAtPercentile(99),
                    interval.getMaxValue());
        }
    }

    private static final int DIRECTIONS = Direction.values().length;
    private static final int SIDES = Side.values().length;

    private final List<Cell> cells = Stream.of(RequestClass.values())
            .flatMap(requestClass -> Stream.of(Direction.values()).flatMap(direction -> Stream.of(Side.values())
                    .map(side -> new Cell(requestClass, direction, side))))
            .toList();

    /**
     * Counts a request that was answered.
     *
     * @param bytes payload that was moved
     * @param nanos how long it took
     */
    public void record(RequestClass requestClass, Direction direction, Side side, long bytes, long nanos) {
        int index = (requestClass.ordinal() * DIRECTIONS + direction.ordinal()) * SIDES + side.ordinal();
        cells.get(index).record(bytes, nanos);
    }

    /** The counters that are not zero; latencies are those since the last call. One caller, once a second. */
    public synchronized List<Counter> sample() {
        var counters = new ArrayList<Counter>();
        for (var cell : cells) {
            var counter = cell.sample();
            if (counter.requests() > 0) {
                counters.add(counter);
            }
        }
        return counters;
    }
}
