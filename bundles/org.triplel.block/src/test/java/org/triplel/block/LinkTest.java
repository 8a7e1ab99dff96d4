package org.triplel.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LinkTest {

    private static final int PIECE = 64 << 10;

    @TempDir
    Path folder;

    private final Link link = new Link();
    private BlockDevice first;
    private BlockDevice second;

    @BeforeEach
    void open() throws IOException {
        first = link.attach(disk("first"));
        second = link.attach(disk("second"));
    }

    @AfterEach
    void close() throws IOException {
        first.close();
        second.close();
    }

    @Test
    void countsWhatItCarries() throws IOException {
        first.write(0, ByteBuffer.allocate(PIECE));
        second.read(0, ByteBuffer.allocate(2 * PIECE));
        second.flush();
        first.trim(0, PIECE);
        assertEquals(new Link.Traffic(2 * PIECE, PIECE, 4), link.traffic());
    }

    @Test
    void devicesShareTheBandwidth() throws Exception {
        link.limit(10 * 2 * PIECE, Duration.ZERO); // 0.2 s for two pieces each
        try (var threads = Executors.newCachedThreadPool()) {
            long start = System.nanoTime();
            var other = threads.submit(() -> {
                read(second, 2);
                return null;
            });
            read(first, 2);
            other.get();
            var time = Duration.ofNanos(System.nanoTime() - start);
            assertTrue(time.toMillis() >= 199, "two devices had more than the link's bandwidth: " + time);
        }
    }

    @Test
    void directionsDoNotShare() throws Exception {
        link.limit(10L * PIECE, Duration.ZERO);
        try (var threads = Executors.newCachedThreadPool()) {
            var longRead = threads.submit(() -> {
                first.read(0, ByteBuffer.allocate(16 * PIECE));
                return null;
            });
            Await.until("the read is under way", () -> link.traffic().requests() == 1);
            second.write(0, ByteBuffer.allocate(PIECE));
            assertFalse(longRead.isDone(), "the write waited for the read");
            link.limit(Link.UNLIMITED, Duration.ZERO);
            longRead.get();
        }
    }

    @Test
    void everyRequestHasTheLatency() throws IOException {
        link.limit(Link.UNLIMITED, Duration.ofMillis(30));
        long start = System.nanoTime();
        first.flush();
        first.read(0, ByteBuffer.allocate(1));
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(60));
    }

    @Test
    void aStalledLinkGoesOnWhenItIsReleased() throws Exception {
        link.limit(0, Duration.ZERO);
        try (var threads = Executors.newCachedThreadPool()) {
            var flush = threads.submit(() -> {
                first.flush();
                return null;
            });
            Await.until("the flush is under way", () -> link.traffic().requests() == 1);
            assertFalse(flush.isDone());
            link.limit(Link.UNLIMITED, Duration.ZERO);
            flush.get();
        }
    }

    private static void read(BlockDevice device, int pieces) throws IOException {
        for (int i = 0; i < pieces; i++) {
            device.read(0, ByteBuffer.allocate(PIECE));
        }
    }

    private FileDevice disk(String name) throws IOException {
        var path = folder.resolve(name);
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(16 * PIECE);
        }
        return FileDevice.open(path);
    }
}
