package org.triplel.agent;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import org.triplel.agent.api.AgentEvent.Severity;

/**
 * Tells the event log what is wrong with the disk of a VM that runs: each kind of it once, and once that it is over. What comes
 * and goes every few seconds, as a NAS that is nearly too slow, is one alarm.
 */
final class DiskAlarm {

    /** Without a problem for so long, it is over. */
    static final Duration QUIET = Duration.ofSeconds(30);

    private static final String DISK = "Disk";

    private final String vm;
    private final EventLog events;
    private final LongSupplier nanos;

    /** What has been told since all was well, without the figures in it. */
    private final Set<String> told = new HashSet<>();

    private long newest;

    /** @param nanos the monotonic clock */
    DiskAlarm(String vm, EventLog events, LongSupplier nanos) {
        this.vm = vm;
        this.events = events;
        this.nanos = nanos;
    }

    /** @param problem what is wrong now, or empty */
    void look(String problem) {
        long now = nanos.getAsLong();
        if (!problem.isEmpty()) {
            newest = now;
            if (told.add(problem.replaceAll("\\d+", ""))) {
                events.add(Severity.WARNING, vm, DISK, problem);
            }
        } else if (!told.isEmpty() && now - newest >= QUIET.toNanos()) {
            told.clear();
            events.add(Severity.INFO, vm, DISK, "Nothing is wrong with its disk any more.");
        }
    }

    /** The VM is off: that what was wrong is over is not told, as it may only be out of use. */
    void forget() {
        told.clear();
    }
}
