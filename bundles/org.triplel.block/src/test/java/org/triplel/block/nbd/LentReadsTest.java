package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.Await;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.PageBorrower;
import org.triplel.block.Tool;
import org.triplel.block.linux.FileCalls;

/** Large reads that go out from the pages of a file. */
@Timeout(120)
class LentReadsTest {

    private static final int SIZE = 16 << 20;
    private static final int LARGE = 1 << 20;

    @TempDir
    Path folder;

    private Path image;
    private Path socket;
    private FileDevice disk;

    @BeforeEach
    void open() throws IOException {
        image = folder.resolve("disk.raw");
        var content = new byte[SIZE];
        new Random(1).nextBytes(content);
        Files.write(image, content);
        socket = folder.resolve("s.sock");
        disk = FileDevice.open(image);
    }

    @AfterEach
    void close() throws IOException {
        disk.close();
    }

    @Test
    void readsOfAllSizesAtOnceGetTheirContent() throws IOException {
        var script = Files.writeString(folder.resolve("reads.py"), """
                import random, sys
                random.seed(7)
                content = open(sys.argv[2], "rb").read()
                for structured in (True, False):
                    h = nbd.NBD()
                    h.set_request_structured_replies(structured)
                    h.connect_unix(sys.argv[1])
                    under_way = {}

                    def take(least):
                        while len(under_way) > least:
                            h.poll(-1)
                            for cookie in [c for c in under_way if h.aio_command_completed(c)]:
                                buffer, offset = under_way.pop(cookie)
                                assert buffer.to_bytearray() == content[offset:offset + len(buffer)], (offset, len(buffer))

                    for i in range(1500):
                        take(24)
                        length = random.choice((512, 4096, 65535, 65536, 65537, 262144, 1048576, 1048577))
                        offset = random.randrange(len(content) - length)
                        buffer = nbd.Buffer(length)
                        under_way[h.aio_pread(buffer, offset)] = (buffer, offset)
                    take(0)
                    h.shutdown()
                print("all right")
                """);
        var counting = new CountingDisk(disk);
        try (var _ = new NbdServer(socket, new SingleExport("", counting), Clients.MANY)) {
            var output = Tool.run(
                    "python3",
                    "-c",
                    "import nbd, sys; exec(open(sys.argv[3]).read())",
                    socket.toString(),
                    image.toString(),
                    script.toString());
            assertEquals("all right", output.strip());
            assertTrue(counting.lent.get() > 1000, "lent: " + counting.lent);
        }
    }

    @Test
    void aReadSeesWhatWasWrittenBefore() throws IOException {
        var written = new byte[LARGE];
        try (var _ = new NbdServer(socket, new SingleExport("", disk), Clients.MANY);
                var client = new RawClient(socket).enter("")) {
            for (int round = 1; round <= 50; round++) {
                Arrays.fill(written, (byte) round);
                client.request(0, Command.WRITE.number(), LARGE, LARGE)
                        .send(ByteBuffer.allocate(LARGE).put(written));
                assertEquals(0, client.error());
                client.request(0, Command.READ.number(), LARGE, LARGE);
                assertEquals(0, client.error());
                assertEquals(ByteBuffer.wrap(written), client.data(LARGE));
            }
        }
    }

    @Test
    void aClientThatTakesNothingDoesNotKeepTheDiskOpen() throws Exception {
        var large = folder.resolve("large.raw");
        Tool.run("dd", "if=/dev/zero", "of=" + large, "bs=1M", "count=64", "status=none");
        var stuck = new CountingDisk(FileDevice.open(large));
        try (var _ = new NbdServer(socket, new SingleExport("", stuck), Clients.MANY);
                var client = new RawClient(socket).enter("")) {
            for (int i = 0; i < 64; i++) { // more than any socket takes
                client.request(0, Command.READ.number(), (long) i * LARGE, LARGE);
            }
            assertEquals(0, client.error());
            Await.until("a read is stuck", () -> stuck.lent.get() > 0 && stuck.isUnderWay());
            var closing = Thread.ofPlatform().daemon().start(() -> {
                try {
                    stuck.close();
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
            });
            assertTrue(closing.join(Duration.ofSeconds(30)), "it is kept open");
        }
    }

    /** Knows how many reads it has lent pages to. */
    private static final class CountingDisk extends ForwardingDevice {

        private final FileDevice disk;
        private final AtomicInteger lent = new AtomicInteger();
        private final AtomicInteger underWay = new AtomicInteger();

        CountingDisk(FileDevice disk) {
            super(disk);
            this.disk = disk;
        }

        boolean isUnderWay() {
            return underWay.get() > 0;
        }

        @Override
        public boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
            return disk.lendNow(offset, length, (fd, at, bytes) -> {
                lent.incrementAndGet();
                underWay.incrementAndGet();
                borrower.take(fd, at, bytes);
                underWay.decrementAndGet();
            });
        }
    }

    /** Lends a file that has only the first half of each read, as if it were shortened, or its disk failed, just now. */
    private static final class Shrinking extends ForwardingDevice {

        private final int half;

        Shrinking(BlockDevice disk, int half) {
            super(disk);
            this.half = half;
        }

        @Override
        public boolean lendNow(long offset, int length, PageBorrower borrower) {
            borrower.take(half, 0, length);
            return true;
        }
    }

    @Test
    void whatCannotBeSentFromTheFileIsReadPatiently() throws IOException {
        int fd = FileCalls.open(firstHalf().toString(), FileCalls.O_RDONLY);
        try (var _ = new NbdServer(socket, new SingleExport("", new Shrinking(disk, fd)), Clients.MANY);
                var client = new RawClient(socket).enter("")) {
            for (int i = 0; i < 3; i++) {
                client.request(0, Command.READ.number(), 0, LARGE);
                assertEquals(0, client.error());
                assertEquals(ByteBuffer.wrap(Files.readAllBytes(image), 0, LARGE), client.data(LARGE));
            }
        } finally {
            FileCalls.close(fd);
        }
    }

    @Test
    void aDiskThatFailsWhileItIsSentEndsOnlyThatConnection() throws IOException {
        int fd = FileCalls.open(firstHalf().toString(), FileCalls.O_RDONLY);
        var broken = new Shrinking(
                new ForwardingDevice(disk) {
                    @Override
                    public void read(long offset, ByteBuffer into) throws IOException {
                        throw new IOException("a broken sector");
                    }
                },
                fd);
        try (var _ = new NbdServer(socket, new ExportMap(Map.of("sound", disk, "broken", broken)), Clients.MANY);
                var sound = new RawClient(socket).enter("sound");
                var client = new RawClient(socket).enter("broken")) {
            client.request(0, Command.READ.number(), 0, LARGE);
            assertEquals(0, client.error());
            client.data(LARGE / 2);
            assertTrue(client.isHungUp());
            sound.request(0, Command.READ.number(), 0, LARGE);
            assertEquals(0, sound.error());
            sound.data(LARGE);
        } finally {
            FileCalls.close(fd);
        }
    }

    private Path firstHalf() throws IOException {
        return Files.write(folder.resolve("half.raw"), Arrays.copyOf(Files.readAllBytes(image), LARGE / 2));
    }

    @Test
    void aFileThatWasShortenedBeforeIsAnErrorOfThatReadAlone() throws IOException {
        try (var _ = new NbdServer(socket, new SingleExport("", disk), Clients.MANY);
                var client = new RawClient(socket).enter("")) {
            try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
                file.truncate(SIZE / 2);
            }
            client.request(0, Command.READ.number(), SIZE / 2 - 4096, LARGE);
            assertEquals(5, client.error());
            client.request(0, Command.READ.number(), 0, LARGE);
            assertEquals(0, client.error());
            client.data(LARGE);
        }
    }

    @Test
    void lendsOnlyWhatIsThere() throws IOException {
        List<Long> lent = new ArrayList<>();
        PageBorrower borrower = (_, offset, length) -> {
            lent.add(offset);
            lent.add((long) length);
        };
        var sparse = folder.resolve("sparse.raw");
        Tool.run("truncate", "-s", "1M", sparse.toString());
        try (var holes = FileDevice.openReadOnly(sparse)) {
            assertFalse(holes.lendNow(0, LARGE, borrower));
        }
        assertFalse(disk.lendNow(SIZE - 4096, 8192, borrower));
        assertEquals(List.of(), lent);
        assertTrue(disk.lendNow(4095, 4098, borrower));
        assertEquals(List.of(4095L, 4098L), lent);
    }

    /** fincore of util-linux, which looks by itself, says what is in the page cache. */
    @Test
    void lendsOnlyWhatIsCached() throws IOException {
        Tool.run("sync", image.toString());
        Tool.run(
                "dd",
                "if=/dev/null",
                "of=" + image,
                "oflag=nocache",
                "conv=notrunc,fdatasync",
                "count=0",
                "status=none");
        assumeTrue(
                cachedPages() < SIZE / 4096, "needs a file system whose pages leave the cache when they are asked to");
        try (var fresh = FileDevice.openReadOnly(image)) {
            long before = cachedPages();
            boolean lends = fresh.lendNow(0, SIZE / 2, (_, _, _) -> {});
            assertEquals(before, cachedPages(), "looking has brought it in");
            assertFalse(lends);
            Tool.run("dd", "if=" + image, "of=/dev/null", "bs=1M", "status=none");
            assertEquals(SIZE / 4096, cachedPages());
            assertTrue(fresh.lendNow(0, SIZE / 2, (_, _, _) -> {}));
        }
    }

    private long cachedPages() {
        return Long.parseLong(
                Tool.run("fincore", "-n", "-o", "PAGES", image.toString()).strip());
    }
}
