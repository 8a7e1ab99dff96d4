package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiskAlarmTest {

    private static final String LATE = "What it wrote %d s ago is not on the NAS yet.";
    private static final String SILENT = "The NAS has not answered for %d s.";
    private static final String OVER = "INFO Nothing is wrong with its disk any more.";

    private long nanos = Long.MAX_VALUE; // it may overflow
    private final List<String> told = new ArrayList<>();
    private final EventLog events =
            new EventLog("client-1", event -> told.add(event.severity() + " " + event.message()));
    private final DiskAlarm alarm = new DiskAlarm("desk-01", events, () -> nanos);

    private void look(String problem, int seconds) {
        for (int second = 1; second <= seconds; second++) {
            nanos += Duration.ofSeconds(1).toNanos();
            alarm.look(String.format(problem, second));
        }
    }

    @Test
    void eachKindIsToldOnceAndItsEnd() {
        look("", 100);
        assertEquals(List.of(), told);
        look(LATE, 100);
        look(SILENT, 100);
        look(LATE, 100);
        look("", 100);
        look(LATE, 3);
        assertEquals(
                List.of(
                        "WARNING What it wrote 1 s ago is not on the NAS yet.",
                        "WARNING The NAS has not answered for 1 s.",
                        OVER,
                        "WARNING What it wrote 1 s ago is not on the NAS yet."),
                told);
        assertEquals("desk-01", events.newest().getFirst().vm());
    }

    @Test
    void whatComesAndGoesIsOneAlarm() {
        for (int i = 0; i < 100; i++) {
            look(LATE, 2);
            look("", (int) DiskAlarm.QUIET.toSeconds() - 1);
        }
        assertEquals(List.of("WARNING What it wrote 1 s ago is not on the NAS yet."), told);
        look("", 1);
        assertEquals(OVER, told.getLast());
    }

    @Test
    void theEndOfAVmIsNotThatOfItsProblem() {
        look(LATE, 1);
        alarm.forget();
        look("", 100);
        assertEquals(1, told.size(), told::toString);
        look(LATE, 1);
        assertEquals(2, told.size(), told::toString);
    }
}
