package org.triplel.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class SizeTest {

    private static void assertSize(long bytes, String text) {
        assertEquals(Optional.of(new Size(bytes)), Size.parse(text), text);
    }

    @Test
    void isReadAsPeopleWriteIt() {
        assertSize(4L << 30, "4 GiB");
        assertSize(4L << 30, " 4GB ");
        assertSize(4L << 30, "4g");
        assertSize(3L << 29, "1.5 GiB");
        assertSize(3L << 29, "1,5 gib");
        assertSize(512L << 20, "512MiB");
        assertSize(2L << 40, "2 T");
        assertSize(1536, "1.5 k");
        assertSize(400_000_000, "400000000 B");
        assertSize(0, "0 B");
    }

    @Test
    void whatIsNoSizeIsNone() {
        for (var text : new String[] {
            "",
            " ",
            "4",
            "4.5",
            "GiB",
            "four GiB",
            "-4 GiB",
            "4 GiB GiB",
            "4 PiB",
            "1.0001 B",
            "4..5 GiB",
            "99999999 T",
            "1e3 G",
            "4 GiB\n5",
            "\u0664 GiB"
        }) {
            assertEquals(Optional.empty(), Size.parse(text), text);
        }
    }

    @Test
    void whatIsWrittenExactlyIsReadAgain() {
        assertEquals("4 GiB", new Size(4L << 30).exact());
        assertEquals("1536 MiB", new Size(3L << 29).exact());
        assertEquals("390625 KiB", new Size(400_000_000).exact());
        assertEquals("512 B", new Size(512).exact());
        assertEquals("4096 TiB", new Size(1L << 52).exact());
        for (long bytes : new long[] {0, 1, 512, 1 << 20, 123_456_789_012L, Long.MAX_VALUE}) {
            assertSize(bytes, new Size(bytes).exact());
        }
    }

    @Test
    void isRoundedForAGlance() {
        assertEquals("7.8 GiB", new Size(8_340_000_000L).rounded());
        assertEquals("1 GiB", new Size((1L << 30) - 1).rounded());
        assertEquals("256 MiB", Size.mebibytes(256).rounded());
        assertEquals("512 B", new Size(512).rounded());
        assertEquals("0 B", new Size(0).rounded());
    }
}
