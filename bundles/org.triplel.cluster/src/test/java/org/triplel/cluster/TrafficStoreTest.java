package org.triplel.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.agent.api.TrafficSample;
import org.triplel.agent.api.VmMemory;

class TrafficStoreTest {

    private static final long START = 1_800_000_000;
    private static final Series BASE_FROM_NAS = new Series(RequestClass.BASE, Direction.READ, Side.NAS);
    private static final TrafficScope ALL = new TrafficScope.All();

    private long seconds;
    private final TrafficStore store = new TrafficStore(() -> Instant.ofEpochSecond(START + seconds));

    private void sample(long atSecond, String vm, long attachment, long bytes) {
        seconds = atSecond;
        var counter = new TrafficCounter(RequestClass.BASE, Direction.READ, Side.NAS, bytes / 100, bytes, 1, 2, 3);
        var disk = new DiskTraffic(vm, attachment, List.of(counter), Exposure.NONE);
        store.add(new TrafficSample("client-1", 0, atSecond * 1_000_000_000, List.of(disk), List.of()));
    }

    private List<Long> bytes(TrafficScope scope, long end, int perBucket, int count) {
        var amounts =
                store.query(scope, START + end, perBucket, count).amounts().get(BASE_FROM_NAS);
        return amounts == null ? List.of() : amounts.stream().map(Amount::bytes).toList();
    }

    private static TrafficScope vms(String... names) {
        return new TrafficScope.Vms(new TreeSet<>(List.of(names)));
    }

    @Test
    void countersBecomeRates() {
        sample(10, "a", 1, 5_000);
        sample(11, "a", 1, 5_300);
        sample(12, "a", 1, 6_300);
        assertEquals(List.of(300L, 1_000L, 0L), bytes(ALL, 12, 1, 3));
        assertEquals(List.of(300L, 1_000L), bytes(vms("a"), 11, 1, 2));
        assertEquals(List.of(), bytes(vms("b"), 12, 1, 3));
        assertEquals(new Amount(13, 1_300), store.sum(ALL, BASE_FROM_NAS::equals));
    }

    @Test
    void whatWasCountedBeforeTheDesktopWatchedIsNoTraffic() {
        sample(10, "a", 1, 1_000_000);
        assertEquals(List.of(), bytes(ALL, 10, 1, 10));
    }

    @Test
    void newDiskCountsFromZero() {
        sample(10, "a", 1, 1_000);
        sample(11, "a", 2, 400);
        assertEquals(400, store.sum(ALL, BASE_FROM_NAS::equals).bytes());
    }

    @Test
    void lateSampleIsSpreadAndLosesNothing() {
        sample(10, "a", 1, 0);
        sample(17, "a", 1, 1_000);
        var spread = bytes(ALL, 16, 1, 7);
        assertEquals(1_000, spread.stream().mapToLong(Long::longValue).sum());
        assertEquals(142, spread.stream().mapToLong(Long::longValue).min().orElseThrow());
        assertEquals(143, spread.stream().mapToLong(Long::longValue).max().orElseThrow());
    }

    @Test
    void agentStartedAnewHasNoPast() {
        sample(100, "a", 1, 9_000);
        store.add(new TrafficSample(
                "client-1", 0, 5, List.of(new DiskTraffic("a", 1, List.of(), Exposure.NONE)), List.of()));
        sample(200, "a", 1, 9_500);
        // the counter fell to nothing and grew again: a new life of the same number cannot be told, its growth counts
        assertEquals(9_500, store.sum(ALL, BASE_FROM_NAS::equals).bytes());
    }

    private void exposed(long atSecond, DiskTraffic... disks) {
        seconds = atSecond;
        store.add(new TrafficSample("client-1", 0, atSecond * 1_000_000_000, List.of(disks), List.of()));
    }

    @Test
    void exposureIsWhatTheAgentSaidLast() {
        var four = new Exposure(4_000_000, 12_000);
        var five = new Exposure(5_000_000, 19_000);
        assertEquals(Exposure.NONE, store.exposure("a"));
        exposed(10, new DiskTraffic("a", 1, List.of(), four), new DiskTraffic("b", 2, List.of(), Exposure.NONE));
        assertEquals(four, store.exposure("a"));
        assertEquals(Exposure.NONE, store.exposure("b"));
        // samples between were lost
        exposed(17, new DiskTraffic("a", 1, List.of(), five));
        assertEquals(five, store.exposure("a"));
        // nothing more is heard of the host
        seconds = 90;
        assertEquals(five, store.exposure("a"));
        exposed(91);
        assertEquals(Exposure.NONE, store.exposure("a"));
    }

    private List<Optional<Exposure>> exposures(String vm, long end, int perBucket, int count) {
        return store.exposures(vm, START + end, perBucket, count).worst();
    }

    private static DiskTraffic disk(String vm, long bytes, long ageMillis) {
        return new DiskTraffic(vm, 1, List.of(), new Exposure(bytes, ageMillis));
    }

    private static Optional<Exposure> exposure(long bytes, long ageMillis) {
        return Optional.of(new Exposure(bytes, ageMillis));
    }

    @Test
    void exposureOverTimeIsTheWorstOfEachSpan() {
        exposed(10, disk("a", 100, 3_000));
        exposed(11, disk("a", 300, 1_000));
        exposed(12, disk("a", 200, 2_000));
        exposed(13, disk("a", 50, 500));
        assertEquals(List.of(exposure(300, 1_000), exposure(200, 2_000)), exposures("a", 12, 1, 2));
        // the most and the oldest need not have been at the same time
        assertEquals(List.of(exposure(300, 3_000), exposure(200, 2_000)), exposures("a", 13, 2, 2));
        assertEquals(new Exposure(300, 3_000), store.worstExposure("a", 0));
        assertEquals(new Exposure(200, 2_000), store.worstExposure("a", START + 12), "what was before does not count");
        assertEquals(Exposure.NONE, store.worstExposure("b", 0));
    }

    @Test
    void whatIsNotKnownOfExposureIsNotMadeUp() {
        exposed(10, disk("a", 100, 3_000));
        exposed(13, disk("a", 300, 1_000));
        assertEquals(
                List.of(Optional.empty(), exposure(100, 3_000), exposure(300, 1_000), exposure(300, 1_000)),
                exposures("a", 12, 1, 4),
                "a sample or two may be late");
        exposed(43, disk("a", 400, 1_000));
        assertEquals(Optional.empty(), exposures("a", 42, 1, 1).getFirst(), "the host was away");
        assertEquals(exposure(400, 1_000), exposures("a", 43, 1, 1).getFirst());
        exposed(44);
        assertEquals(exposure(0, 0), exposures("a", 44, 1, 1).getFirst(), "it is off");
        assertTrue(store.exposures("b", START + 44, 1, 60).unknown());
        assertTrue(store.exposures("a", START + 44, 1, 60).any());
        assertFalse(store.exposures("a", START + 44, 1, 1).any());
    }

    @Test
    void anHourOfExposureIsKept() {
        exposed(10, disk("a", 900, 9_000));
        exposed(11, disk("a", 100, 1_000));
        exposed(3_609, disk("a", 1, 1));
        assertEquals(new Exposure(900, 9_000), store.worstExposure("a", 0));
        exposed(3_610, disk("a", 1, 1));
        assertEquals(new Exposure(100, 1_000), store.worstExposure("a", 0));
        seconds = 3_611; // the host is silent
        assertEquals(new Exposure(1, 1), store.worstExposure("a", 0));
        exposed(9_000, disk("a", 2, 2));
        assertEquals(Optional.empty(), exposures("a", 3_611, 1, 1).getFirst());
    }

    @Test
    void whatWasBeforeIsAsItsAgentSays() {
        exposed(998, disk("a", 40, 400));
        exposed(999, disk("a", 50, 500));
        var past = List.of(new Exposure(900, 9_000), new Exposure(7, 8_000), new Exposure(600, 6_000));
        seconds = 1_000;
        store.addPast("client-1", List.of(new PastExposures("a", 10, past), new PastExposures("b", 60, past)));
        assertEquals(
                List.of(exposure(600, 6_000), exposure(40, 400), exposure(50, 500), exposure(600, 6_000)),
                exposures("a", 1_000, 1, 4),
                "what is known stays");
        assertEquals(List.of(exposure(7, 8_000), exposure(600, 6_000)), exposures("a", 991, 1, 2));
        assertEquals(List.of(exposure(900, 9_000), exposure(7, 8_000)), exposures("a", 931, 1, 2));
        assertEquals(List.of(Optional.empty(), exposure(900, 9_000)), exposures("a", 871, 1, 2));
        assertEquals(List.of(exposure(7, 8_000), exposure(600, 6_000)), exposures("b", 941, 1, 2));
        assertEquals(new Exposure(900, 9_000), store.worstExposure("a", 0));
        assertEquals(new Exposure(600, 6_000), store.worstExposure("b", START + 941));
    }

    @Test
    void ofTwoHostsThatHadAVmTheWorseCounts() {
        var worst = new Exposure(900, 9_000);
        var quiet = List.of(Exposure.NONE, new Exposure(1, 1));
        seconds = 1_000;
        store.addPast("client-1", List.of(new PastExposures("a", 60, quiet)));
        store.addPast("client-2", List.of(new PastExposures("a", 60, List.of(worst))));
        store.addPast("client-2", List.of(new PastExposures("b", 60, List.of(worst))));
        store.addPast("client-1", List.of(new PastExposures("b", 60, quiet)));
        for (var vm : List.of("a", "b")) {
            assertEquals(List.of(exposure(0, 0), exposure(900, 9_000)), exposures(vm, 941, 1, 2), vm);
        }
        // and told again
        seconds = 1_010;
        store.addPast("client-2", List.of(new PastExposures("a", 10, List.of(worst, Exposure.NONE))));
        assertEquals(List.of(exposure(900, 9_000), exposure(0, 0)), exposures("a", 1_001, 1, 2));
    }

    private void remembered(long atSecond, String host, VmMemory... memories) {
        seconds = atSecond;
        store.add(new TrafficSample(host, 0, atSecond * 1_000_000_000, List.of(), List.of(memories)));
    }

    private static VmMemory memory(String vm, int targetMiB) {
        return new VmMemory(vm, true, 512, targetMiB, targetMiB, -1, -1, 1, SwapVelocity.NONE, false, 0, "");
    }

    @Test
    void memoryIsWhatTheAgentSaidLast() {
        assertEquals(Optional.empty(), store.memory("a"));
        remembered(10, "client-1", memory("a", 256), memory("b", 512));
        remembered(10, "client-2", memory("c", 300));
        assertEquals(Optional.of(memory("a", 256)), store.memory("a"));
        assertEquals(Optional.of(memory("c", 300)), store.memory("c"));
        remembered(11, "client-1", memory("a", 384));
        assertEquals(Optional.of(memory("a", 384)), store.memory("a"));
        assertEquals(Optional.empty(), store.memory("b"), "it is gone");
        assertEquals(Optional.of(memory("c", 300)), store.memory("c"), "nothing more is heard of its host");
    }

    @Test
    void anHourIsKept() {
        sample(10, "a", 1, 0);
        sample(11, "a", 1, 777);
        sample(3_609, "a", 1, 777);
        assertEquals(List.of(777L), bytes(ALL, 10, 1, 1));
        sample(3_611, "a", 1, 778);
        assertEquals(777 + 1, store.sum(ALL, BASE_FROM_NAS::equals).bytes());
        assertEquals(List.of(), bytes(ALL, 11, 1, 2));
    }

    @Test
    void bucketsSumUp() {
        for (var second = 0; second <= 60; second++) {
            sample(second, "a", 1, second * 100L);
        }
        assertEquals(List.of(3_000L, 3_000L), bytes(ALL, 59, 30, 2));
        var buckets = store.query(ALL, START + 59, 30, 2);
        assertEquals(START, buckets.startSecond());
        assertEquals(new Amount(60, 6_000), buckets.sum(series -> series.side() == Side.NAS));
        assertEquals(Amount.NONE, buckets.sum(series -> series.side() == Side.LOCAL));
    }

    @Test
    void csvHasALinePerSecondAndSeries() throws IOException {
        sample(10, "a", 1, 0);
        sample(11, "a", 1, 300);
        sample(12, "a", 1, 700);
        var csv = new StringBuilder();
        new TrafficCsv(store.query(ALL, START + 11, 1, 2)).write(csv);
        assertEquals("""
                time,class,direction,side,requests,bytes
                2027-01-15T08:00:10Z,BASE,READ,NAS,3,300
                2027-01-15T08:00:11Z,BASE,READ,NAS,4,400
                """.replace("\n", "\r\n"), csv.toString());
    }
}
