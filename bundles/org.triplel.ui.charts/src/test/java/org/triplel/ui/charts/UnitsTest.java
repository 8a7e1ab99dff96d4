package org.triplel.ui.charts;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class UnitsTest {

    @Test
    void agesHaveOneUnit() {
        assertEquals("0 s", Units.age(-1));
        assertEquals("0 s", Units.age(999));
        assertEquals("12 s", Units.age(12_999));
        assertEquals("99 s", Units.age(99_999));
        assertEquals("1 min", Units.age(100_000));
        assertEquals("99 min", Units.age(5_999_999));
        assertEquals("1 h", Units.age(6_000_000));
        assertEquals("99 h", Units.age(359_999_999));
        assertEquals("4 d", Units.age(360_000_000));
    }

    @Test
    void threeDigitsAndUnit() {
        assertEquals("12.4 MB/s", Units.rate(12_400_000));
        assertEquals("999 B", Units.bytes(999));
        assertEquals("1.00 kB", Units.bytes(999.6));
        assertEquals("1.00 MB", Units.bytes(999_600));
        assertEquals("100 kB", Units.bytes(99_960));
        assertEquals("2.15 GB", Units.bytes(1L << 31));
        assertEquals("1.20 kIOPS", Units.iops(1_200));
        assertEquals("0.5 IOPS", Units.iops(0.5));
    }

    @Test
    void zeroIsADash() {
        assertEquals(Units.NONE, Units.rate(0));
        assertEquals(Units.NONE, Units.iops(0));
    }

    @Test
    void onlyNothingIsZeroPercentAndOnlyAllIsHundred() {
        assertEquals("0\u2009%", Units.percent(0));
        assertEquals("<1\u2009%", Units.percent(0.001));
        assertEquals("93\u2009%", Units.percent(0.93));
        assertEquals(">99\u2009%", Units.percent(0.999));
        assertEquals("100\u2009%", Units.percent(1));
    }

    @Test
    void durations() {
        assertEquals("340 ms", Units.duration(340));
        assertEquals("4.2 s", Units.duration(4_200));
        assertEquals("3 min 20 s", Units.duration(200_400));
    }
}
