package org.triplel.ui;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Display;

/**
 * Tells who keeps the UI thread busy for too long, if code of ours is on its stack, and how long the UI thread works on
 * events in general.
 */
public final class UiWatchdog implements AutoCloseable {

    private static final int LOOK_EVERY_MILLIS = 10;
    private static final String OURS = "org.triplel.";

    /**
     * The UI thread at work on one event for too long.
     *
     * @param millis for how long by now
     * @param stack what it does
     */
    public record Stall(long millis, List<StackTraceElement> stack) {

        @Override
        public String toString() {
            var text = new StringBuilder("the UI thread is busy for " + millis + " ms:");
            for (var frame : stack) {
                text.append("\n\tat ").append(frame);
            }
            return text.toString();
        }
    }

    /**
     * How long the UI thread worked on its events. An event counts as ours if code of ours was seen on the stack; those
     * shorter than {@value UiWatchdog#LOOK_EVERY_MILLIS} ms may pass unseen.
     *
     * @param events how many there were
     * @param ours how many of them were ours
     * @param oursMillis at most this long took 99.9 % of all events, those of others taken as nothing
     * @param oursMaxMillis the longest of ours
     * @param maxMillis the longest of all
     */
    public record Work(long events, long ours, double oursMillis, double oursMaxMillis, double maxMillis) {

        @Override
        public String toString() {
            return "the UI thread worked on %d events, %d of them longer and with our code: p99.9 %.1f ms, longest %.1f ms; longest of all %.1f ms"
                    .formatted(events, ours, oursMillis, oursMaxMillis, maxMillis);
        }
    }

    private static final long IDLE = 0;
    private static final long LONGEST_MICROS = TimeUnit.MINUTES.toMicros(1);
    private static final double MICROS_PER_MILLI = 1e3;
    private static final double P999 = 99.9;

    private final Histogram all = new ConcurrentHistogram(LONGEST_MICROS, 2);
    private final Histogram ours = new ConcurrentHistogram(LONGEST_MICROS, 2);
    private final Thread uiThread;
    private final Duration limit;
    private final Consumer<Stall> report;
    private final Thread observer;
    private volatile long busySince = IDLE;
    private volatile long oursSince = IDLE;
    private volatile boolean resting;
    private volatile boolean closed;
    private long reported = IDLE;

    /**
     * Watches. Must be called by the UI thread.
     *
     * @param limit how long the UI thread may work on one event
     * @param report told once for each event that takes longer, on the watchdog's thread
     */
    public UiWatchdog(Display display, Duration limit, Consumer<Stall> report) {
        this.uiThread = display.getThread();
        this.limit = limit;
        this.report = report;
        for (var busy : new int[] {SWT.PreEvent, SWT.PostExternalEventDispatch}) {
            display.addListener(busy, event -> begin());
        }
        for (var idle : new int[] {SWT.PostEvent, SWT.PreExternalEventDispatch}) {
            display.addListener(idle, event -> end());
        }
        observer = Thread.ofPlatform().daemon().name("UI watchdog").start(this::observe);
    }

    /** What the UI thread did since this watchdog watches. May be called by any thread. */
    public Work work() {
        long events = all.getTotalCount();
        long seen = ours.getTotalCount();
        double others = 100.0 * (events - seen) / Math.max(1, events);
        double millis = others >= P999
                ? 0
                : ours.getValueAtPercentile(100 * (P999 - others) / (100 - others)) / MICROS_PER_MILLI;
        return new Work(
                events, seen, millis, ours.getMaxValue() / MICROS_PER_MILLI, all.getMaxValue() / MICROS_PER_MILLI);
    }

    private void begin() {
        end();
        busySince = System.nanoTime();
        if (resting) {
            LockSupport.unpark(observer);
        }
    }

    /** Looks only while the UI thread is at work: a hundred looks a second are what costs most in a window at rest. */
    private void observe() {
        while (!closed) {
            resting = true;
            while (busySince == IDLE && !closed) {
                LockSupport.park(this);
            }
            resting = false;
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_EVERY_MILLIS));
            look();
        }
    }

    private void end() {
        long since = busySince;
        if (since != IDLE) {
            long micros = Math.min(LONGEST_MICROS, (System.nanoTime() - since) / 1000);
            all.recordValue(micros);
            if (oursSince == since) {
                ours.recordValue(micros);
            }
        }
        busySince = IDLE;
    }

    private void look() {
        var since = busySince;
        if (since == IDLE || since == reported) {
            return;
        }
        // below stands who runs the event loop, not who is at work
        var work = Arrays.stream(uiThread.getStackTrace())
                .takeWhile(frame -> !frame.getMethodName().equals("readAndDispatch"))
                .toList();
        if (work.stream().noneMatch(frame -> frame.getClassName().startsWith(OURS)) || busySince != since) {
            return;
        }
        oursSince = since;
        var busy = Duration.ofNanos(System.nanoTime() - since);
        if (busy.compareTo(limit) > 0) {
            reported = since;
            report.accept(new Stall(busy.toMillis(), work));
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(observer);
    }
}
