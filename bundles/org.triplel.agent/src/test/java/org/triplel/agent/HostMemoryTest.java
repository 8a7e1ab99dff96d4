package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class HostMemoryTest {

    private static final long GIB = 1L << 30;
    private static final long MIB = 1L << 20;

    @Test
    void isReadFromTheKernel() throws IOException {
        assertEquals(
                new HostMemory(24_000_000L * 1024, 20_000_000L * 1024),
                HostMemory.parse(
                        "MemTotal:       24000000 kB\nMemFree:         9000000 kB\nMemAvailable:   20000000 kB\n"));
        var now = HostMemory.read();
        assertTrue(now.availableBytes() > 0 && now.availableBytes() <= now.totalBytes(), now::toString);
    }

    @Test
    void namesWhatIsMissing() {
        var error = assertThrows(IOException.class, () -> HostMemory.parse("MemTotal:       24000000 kB\n"));
        assertTrue(error.getMessage().contains("MemAvailable"), error::getMessage);
    }

    @Test
    void aTenthAndAtLeastHalfAGibibyteIsKept() {
        assertEquals(2 * GIB, new HostMemory(20 * GIB, 5 * GIB).reserveBytes());
        assertEquals(3 * GIB, new HostMemory(20 * GIB, 5 * GIB).spareBytes());
        assertEquals(512 * MIB, new HostMemory(2 * GIB, GIB).reserveBytes());
        assertEquals(512 * MIB, new HostMemory(2 * GIB, GIB).spareBytes());
        assertEquals(0, new HostMemory(2 * GIB, 100 * MIB).spareBytes());
        assertEquals(GIB, new HostMemory(20 * GIB, 5 * GIB).without(2 * GIB).spareBytes());
    }
}
