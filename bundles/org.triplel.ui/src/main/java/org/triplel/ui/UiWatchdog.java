package org.triplel.ui;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Display;

/** Tells who keeps the UI thread busy for too long, if code of ours is on its stack. */
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

    private static final long IDLE = 0;

    private final Thread uiThread;
    private final Duration limit;
    private final Consumer<Stall> report;
    private final ScheduledExecutorService observer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("UI watchdog").factory());
    private volatile long busySince = IDLE;
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
            display.addListener(busy, event -> busySince = System.nanoTime());
        }
        for (var idle : new int[] {SWT.PostEvent, SWT.PreExternalEventDispatch}) {
            display.addListener(idle, event -> busySince = IDLE);
        }
        observer.scheduleAtFixedRate(this::look, LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        var since = busySince;
        if (since == IDLE || since == reported) {
            return;
        }
        var busy = Duration.ofNanos(System.nanoTime() - since);
        if (busy.compareTo(limit) > 0) {
            reported = since;
            // below stands who runs the event loop, not who is at work
            var work = Arrays.stream(uiThread.getStackTrace())
                    .takeWhile(frame -> !frame.getMethodName().equals("readAndDispatch"))
                    .toList();
            if (work.stream().anyMatch(frame -> frame.getClassName().startsWith(OURS))) {
                report.accept(new Stall(busy.toMillis(), work));
            }
        }
    }

    @Override
    public void close() {
        observer.shutdown();
    }
}
