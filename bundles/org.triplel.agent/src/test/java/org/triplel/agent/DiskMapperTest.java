package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.DiskMap;
import org.triplel.block.ClassRange;
import org.triplel.router.DiskRange;

class DiskMapperTest {

    private static final long CLUSTER = 64 * 1024;

    /** The first half of each cluster of the base is on the host. */
    private static long localBytes(DiskRange range) {
        return range.kind() == ClassRange.Kind.BASE ? range.length() / 2 : 0;
    }

    private static List<DiskMap.Range> map(List<DiskRange> ranges) {
        return new DiskMapper(end(ranges), ranges::forEach, DiskMapperTest::localBytes).ranges();
    }

    private static long end(List<DiskRange> ranges) {
        return ranges.getLast().offset() + ranges.getLast().length();
    }

    @Test
    void isExactAsLongAsThatIsShort() {
        var ranges = alternating(DiskMapper.MAX_RANGES);
        var map = map(ranges);
        assertEquals(ranges.size(), map.size());
        for (int i = 0; i < map.size(); i++) {
            var range = ranges.get(i);
            var kind = DiskMap.Kind.valueOf(range.kind().name());
            var local = kind == DiskMap.Kind.BASE ? CLUSTER / 2 : 0;
            assertEquals(new DiskMap.Range(range.offset(), range.length(), kind, local), map.get(i));
        }
    }

    @Test
    void gathersWhatAFragmentedDiskHasTooMuchOf() {
        for (int clusters : new int[] {DiskMapper.MAX_RANGES + 1, 1_000_003}) {
            var ranges = alternating(clusters);
            var map = map(ranges);
            assertTrue(map.size() <= DiskMapper.MAX_RANGES, () -> map.size() + " ranges");
            long at = 0;
            for (var range : map) {
                assertEquals(at, range.offset());
                at += range.length();
            }
            assertEquals(clusters * CLUSTER, at);
            assertEquals(sums(map(ranges.subList(0, 8_000))).keySet(), sums(map).keySet());
            var expected = new EnumMap<DiskMap.Kind, Long>(DiskMap.Kind.class);
            ranges.forEach(
                    range -> expected.merge(DiskMap.Kind.valueOf(range.kind().name()), range.length(), Long::sum));
            assertEquals(expected, sums(map));
            assertEquals(
                    expected.get(DiskMap.Kind.BASE) / 2,
                    map.stream().mapToLong(DiskMap.Range::localBytes).sum());
            var json = new Gson().toJson(new DiskMap("x".repeat(63), at, map, List.of()));
            assertTrue(json.length() < 1 << 20, () -> json.length() + " bytes");
        }
    }

    @Test
    void placesAreRightToACell() {
        var ranges = new ArrayList<>(alternating(1 << 16));
        long start = end(ranges);
        ranges.add(new DiskRange(start, start, ClassRange.Kind.UNUSED));
        long cell = 2 * start / DiskMapper.CELLS;
        var first = map(ranges).stream()
                .filter(range -> range.kind() == DiskMap.Kind.UNUSED && range.length() == cell)
                .findFirst()
                .orElseThrow();
        assertEquals(start, first.offset());
    }

    private static Map<DiskMap.Kind, Long> sums(List<DiskMap.Range> map) {
        var sums = new EnumMap<DiskMap.Kind, Long>(DiskMap.Kind.class);
        map.forEach(range -> sums.merge(range.kind(), range.length(), Long::sum));
        return sums;
    }

    private static List<DiskRange> alternating(int clusters) {
        var random = new Random(clusters);
        var ranges = new ArrayList<DiskRange>();
        var kinds = ClassRange.Kind.values();
        var kind = kinds[0];
        for (int i = 0; i < clusters; i++) {
            ranges.add(new DiskRange(i * CLUSTER, CLUSTER, kind));
            var last = kind;
            var others = Arrays.stream(kinds).filter(other -> other != last).toList();
            kind = others.get(random.nextInt(others.size()));
        }
        return ranges;
    }
}
