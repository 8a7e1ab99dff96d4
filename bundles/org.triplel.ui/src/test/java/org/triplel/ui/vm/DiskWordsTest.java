package org.triplel.ui.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.DiskMap.Kind;
import org.triplel.agent.api.DiskMap.Note;
import org.triplel.agent.api.DiskMap.Range;

class DiskWordsTest {

    private static final long MB = 1_000_000;

    private static DiskWords words(long swapOnHost) {
        return new DiskWords(new DiskMap(
                "desk-01",
                1000 * MB,
                List.of(
                        new Range(0, 600 * MB, Kind.BASE, 150 * MB),
                        new Range(600 * MB, 100 * MB, Kind.UNUSED, 0),
                        new Range(700 * MB, 100 * MB, Kind.JOURNAL, 0),
                        new Range(800 * MB, 200 * MB, Kind.SWAP, swapOnHost)),
                List.of(
                        new Note(0, 650 * MB, false, "ext4 in partition 1: has no journal"),
                        new Note(650 * MB, 50 * MB, false, "LUKS in partition 2: opaque"),
                        new Note(700 * MB, 100 * MB, true, "inode 8 of the ext4 in partition 3"),
                        new Note(800 * MB, 200 * MB, true, "swap in partition 4, pages of 4 KiB"))));
    }

    @Test
    void sharesTellWhatIsOnTheHost() {
        assertEquals("Base image: 60\u2009% (600 MB), 25\u2009% of it on the host", words(0).share(Kind.BASE));
        assertEquals("Journal: 10\u2009% (100 MB)", words(0).share(Kind.JOURNAL));
        assertEquals("Swap: 20\u2009% (200 MB), none of it on the host", words(0).share(Kind.SWAP));
        assertEquals(
                "Swap: 20\u2009% (200 MB), 44.0 MB of it on the host",
                words(44 * MB).share(Kind.SWAP));
        assertEquals("Written by the guest: 0\u2009% (\u2013)", words(0).share(Kind.PRIVATE));
    }

    @Test
    void rangesTellHowTheyAreKnown() {
        assertEquals(
                "800 MB to 844 MB: Swap, on the host's disk. swap in partition 4, pages of 4 KiB.",
                words(0).range(800 * MB, 44 * MB, Kind.SWAP, true));
        assertEquals(
                "844 MB to 1.00 GB: Swap, on the NAS, or never written. swap in partition 4, pages of 4 KiB.",
                words(0).range(844 * MB, 156 * MB, Kind.SWAP, false));
        assertEquals(
                "700 MB to 800 MB: Journal, on the NAS. inode 8 of the ext4 in partition 3.",
                words(0).range(700 * MB, 100 * MB, Kind.JOURNAL, false));
    }

    @Test
    void whatIsNotSplitTellsWhy() {
        assertEquals(
                "0 B to 600 MB: Base image, on the NAS. No journal or swap known here (ext4 in partition 1: has no journal).",
                words(0).range(0, 600 * MB, Kind.BASE, false));
        assertEquals(
                "640 MB to 700 MB: Never written. No journal or swap known here (LUKS in partition 2: opaque).",
                words(0).range(640 * MB, 60 * MB, Kind.UNUSED, false));
        assertEquals(
                "700 MB to 800 MB: Written by the guest, on the NAS",
                words(0).range(700 * MB, 100 * MB, Kind.PRIVATE, false));
    }
}
