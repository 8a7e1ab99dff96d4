package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
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
        try (var _ = new NbdServer(socket, new SingleExport("", disk), Clients.MANY)) {
            var output = Tool.run(
                    "python3",
                    "-c",
                    "import nbd, sys; exec(open(sys.argv[3]).read())",
                    socket.toString(),
                    image.toString(),
                    script.toString());
            assertEquals("all right", output.strip());
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
    void aClientThatTakesNothingDoesNotKeepTheDiskOpen() throws IOException {
        var server = new NbdServer(socket, new SingleExport("", disk), Clients.MANY);
        try (var client = new RawClient(socket).enter("")) {
            for (int i = 0; i < 8; i++) {
                client.request(0, Command.READ.number(), (long) i * LARGE, LARGE);
            }
            assertEquals(0, client.error()); // of the first, whose content is stuck
            disk.close();
        } finally {
            server.close();
        }
    }

    @Test
    void aFileThatIsShortenedWhileItIsSentEndsOnlyThatConnection() throws IOException {
        var shortened = Files.write(folder.resolve("short.raw"), new byte[LARGE / 2]);
        int fd = FileCalls.open(shortened.toString(), FileCalls.O_RDONLY);
        var shrinking = new ForwardingDevice(disk) {
            @Override
            public boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
                borrower.take(fd, 0, length);
                return true;
            }
        };
        try (var _ = new NbdServer(socket, new ExportMap(Map.of("sound", disk, "short", shrinking)), Clients.MANY);
                var sound = new RawClient(socket).enter("sound");
                var broken = new RawClient(socket).enter("short")) {
            broken.request(0, Command.READ.number(), 0, LARGE);
            assertEquals(0, broken.error());
            broken.data(LARGE / 2);
            assertTrue(broken.isHungUp());
            sound.request(0, Command.READ.number(), 0, LARGE);
            assertEquals(0, sound.error());
            sound.data(LARGE);
        } finally {
            FileCalls.close(fd);
        }
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
            lent.add(length);
        };
        var sparse = folder.resolve("sparse.raw");
        Tool.run("truncate", "-s", "1M", sparse.toString());
        try (var holes = FileDevice.openReadOnly(sparse)) {
            assertFalse(holes.lendNow(0, LARGE, borrower));
        }
        assertFalse(disk.lendNow(SIZE - 4096, 8192, borrower));
        assertEquals(List.of(), lent);
        int fd = FileCalls.open(image.toString(), FileCalls.O_RDONLY);
        boolean systemCanTell = FileCalls.isCached(fd, 0, 4096);
        FileCalls.close(fd);
        assertEquals(systemCanTell, disk.lendNow(4095, 4098, borrower));
        assertEquals(systemCanTell ? List.of(4095L, 4098L) : List.of(), lent);
    }
}
