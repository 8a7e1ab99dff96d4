package org.triplel.agent.simulated;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.VmWatch;
import org.triplel.agent.api.Writes;

/**
 * The watch of a guest that writes 1 MiB and flushes twice in each second, a fifth of it to its journal.
 *
 * @param beganMillis when, by the agent's uptime
 * @param endedMillis when it was asked to end, if it was
 */
record SimulatedWatch(
        VmWatch wanted, Placement placement, long startedAtMillis, long beganMillis, OptionalLong endedMillis) {

    private static final long MIB = 1L << 20;

    SimulatedWatch end(long uptimeMillis) {
        return new SimulatedWatch(wanted, placement, startedAtMillis, beganMillis, OptionalLong.of(uptimeMillis));
    }

    /** Of each second; a test does not watch for more than ten minutes. */
    private static List<Exposure> losses(long millis, LongFunction<Exposure> loss) {
        return LongStream.rangeClosed(0, Math.min(599, millis / 1000))
                .mapToObj(loss)
                .toList();
    }

    /** Grows for three seconds, and is sent on. */
    private static Exposure upTo(long age, long second) {
        long now = age * (1 + second % 3) / 3;
        return new Exposure(now * MIB / 1000, now);
    }

    Advice advice(long uptimeMillis) {
        long whole = wanted.minutes() * 60_000L;
        long millis = Math.min(whole, endedMillis.orElse(uptimeMillis) - beganMillis);
        long written = millis * MIB / 1000;
        long flushes = millis / 500;
        var outcomes = new ArrayList<>(List.of(
                new Advice.Outcome(
                        Writes.THROUGH, 0, 0, written, 0, 0, 0, 0, 0, 1, losses(millis, _ -> Exposure.NONE), 0),
                new Advice.Outcome(
                        Writes.LOG_SPLIT,
                        0,
                        0,
                        written - written / 5,
                        flushes / 2,
                        written / 5,
                        millis,
                        written / 10,
                        millis / 2,
                        1,
                        losses(millis, second -> new Exposure(second * MIB / 5, second * 1000)),
                        0)));
        for (int seconds : List.of(1, 10, 60)) {
            long age = Math.min(millis, seconds * 300L);
            outcomes.add(new Advice.Outcome(
                    Writes.BEHIND,
                    seconds,
                    Placement.DEFAULT_RPO_MEBIBYTES,
                    written * 3 / 4,
                    flushes,
                    age * MIB / 1000,
                    age,
                    age * MIB / 2000,
                    age / 2,
                    1,
                    losses(millis, second -> upTo(age, second)),
                    0));
        }
        return new Advice(
                wanted.vm(),
                placement,
                startedAtMillis,
                wanted.minutes(),
                endedMillis.isEmpty() && millis < whole,
                millis,
                written,
                written / 2,
                flushes,
                12_000,
                outcomes);
    }
}
