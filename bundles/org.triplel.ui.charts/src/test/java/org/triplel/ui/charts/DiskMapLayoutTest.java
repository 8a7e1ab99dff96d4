package org.triplel.ui.charts;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.ui.charts.DiskMapLayout.Block;
import org.triplel.ui.charts.DiskMapLayout.Span;

class DiskMapLayoutTest {

    private static DiskMapLayout<String> layout(Object... lengthsAndNames) {
        var spans = new ArrayList<Span<String>>();
        var offset = 0L;
        for (var i = 0; i < lengthsAndNames.length; i += 2) {
            var length = ((Number) lengthsAndNames[i]).longValue();
            spans.add(new Span<>(offset, length, (String) lengthsAndNames[i + 1]));
            offset += length;
        }
        return new DiskMapLayout<>(spans, offset);
    }

    @Test
    void blocksFillTheWidthInProportion() {
        assertEquals(
                List.of(new Block<>(0, 50, "a"), new Block<>(50, 30, "b"), new Block<>(80, 20, "c")),
                layout(500, "a", 300, "b", 200, "c").blocks(100));
    }

    @Test
    void columnGoesToTheKindThatHasMostOfIt() {
        // in the second column "b" has 6 of 10 bytes, though its pieces are smaller than that of "a"
        var layout = layout(10, "a", 2, "b", 4, "a", 2, "b", 2, "b");
        assertEquals(List.of(new Block<>(0, 1, "a"), new Block<>(1, 1, "b")), layout.blocks(2));
    }

    @Test
    void diskWithFewerBytesThanColumnsIsDrawnToo() {
        assertEquals(
                List.of(new Block<>(0, 5, "a"), new Block<>(5, 5, "b")),
                layout(1, "a", 1, "b").blocks(10));
    }

    @Test
    void largeDiskDoesNotOverflow() {
        var half = 1L << 61;
        assertEquals(
                List.of(new Block<>(0, 2, "a"), new Block<>(2, 2, "b")),
                layout(half, "a", half, "b").blocks(4));
    }

    @Test
    void pointerFindsTheSpan() {
        var layout = layout(500, "a", 300, "b", 200, "c");
        assertEquals(Optional.of(new Span<>(0, 500, "a")), layout.spanAt(0, 100));
        assertEquals(Optional.of(new Span<>(0, 500, "a")), layout.spanAt(49, 100));
        assertEquals(Optional.of(new Span<>(500, 300, "b")), layout.spanAt(50, 100));
        assertEquals(Optional.of(new Span<>(800, 200, "c")), layout.spanAt(99, 100));
        assertEquals(Optional.empty(), layout.spanAt(100, 100));
        assertEquals(Optional.empty(), layout.spanAt(-1, 100));
    }
}
