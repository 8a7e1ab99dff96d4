package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.agent.api.Writes;

class ExposureHistoryTest {

    private static final Placement TEN_SECONDS = behind(10);

    private final ExposureHistory history = new ExposureHistory();

    private static Placement behind(int seconds) {
        return new Placement(Side.LOCAL, Side.LOCAL, Writes.BEHIND, seconds, 64, "ada", 1);
    }

    private static Vm vm(Placement placement) {
        return new Vm(
                "a",
                "client-1",
                VmState.RUNNING,
                "debian-12",
                1,
                1 << 30,
                256,
                placement,
                false,
                JournalDisk.NONE,
                0,
                -1,
                RecoveryStage.NONE,
                "",
                "");
    }

    private void seconds(int count, Placement placement, Exposure... exposures) {
        for (var second = 0; second < count; second++) {
            history.note(
                    List.of(vm(placement)),
                    Arrays.stream(exposures)
                            .map(exposure -> new DiskTraffic("a", 1, List.of(), exposure))
                            .toList());
        }
    }

    private static PastExposures past(int newestSeconds, Exposure... minutes) {
        return new PastExposures("a", newestSeconds, List.of(minutes));
    }

    @Test
    void eachMinuteHasTheMostAndTheOldest() {
        seconds(1, TEN_SECONDS, new Exposure(500, 1_000));
        seconds(1, TEN_SECONDS, new Exposure(100, 7_000));
        seconds(58, TEN_SECONDS);
        assertEquals(List.of(past(60, new Exposure(500, 7_000))), history.all());
        seconds(3, TEN_SECONDS, new Exposure(20, 0), new Exposure(10, 30));
        assertEquals(List.of(past(3, new Exposure(500, 7_000), new Exposure(20, 30))), history.all());
    }

    @Test
    void anHourIsKept() {
        seconds(60, TEN_SECONDS, new Exposure(9, 9));
        seconds(60, TEN_SECONDS, new Exposure(8, 8));
        seconds(59 * 60, TEN_SECONDS);
        var quiet = Stream.generate(() -> Exposure.NONE).limit(59);
        var hour = Stream.concat(Stream.of(new Exposure(9, 9), new Exposure(8, 8)), quiet);
        assertEquals(List.of(past(60, hour.toArray(Exposure[]::new))), history.all());
        seconds(1, TEN_SECONDS);
        var newest = history.all().getFirst();
        assertEquals(61, newest.minutes().size());
        assertEquals(new Exposure(8, 8), newest.minutes().getFirst());
    }

    @Test
    void whatWasBeforeThePromiseDoesNotCount() {
        seconds(70, behind(60), new Exposure(9, 9));
        seconds(2, TEN_SECONDS, new Exposure(1, 1));
        assertEquals(List.of(past(2, new Exposure(1, 1))), history.all());
        seconds(1, TEN_SECONDS.withSwap(Side.NAS), new Exposure(1, 1));
        assertEquals(List.of(past(3, new Exposure(1, 1))), history.all(), "where swap is promises nothing else");
    }

    @Test
    void vmThatIsGoneIsForgotten() {
        seconds(1, TEN_SECONDS, new Exposure(9, 9));
        history.note(List.of(), List.of());
        assertEquals(List.of(), history.all());
        seconds(1, TEN_SECONDS);
        assertEquals(List.of(), history.all(), "of what nothing would have been lost nothing is told");
        seconds(1, TEN_SECONDS, new Exposure(7, 7));
        assertEquals(List.of(past(2, new Exposure(7, 7))), history.all());
    }
}
