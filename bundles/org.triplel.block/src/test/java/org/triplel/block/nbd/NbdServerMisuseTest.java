package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;

/** Clients that break the protocol: each gets the error that it deserves, and nobody else notices. */
@Timeout(30)
class NbdServerMisuseTest {

    private static final int SIZE = 1 << 20;
    private static final int EPERM = 1;

    @TempDir
    Path folder;

    private final AtomicInteger flushes = new AtomicInteger();

    /** Requests that reached the device and should not have passed the server's door. */
    private final AtomicInteger strays = new AtomicInteger();

    private Path image;
    private BlockDevice disk;
    private FileDevice readOnly;
    private NbdServer server;

    @BeforeEach
    void start() throws IOException {
        image = folder.resolve("disk.raw");
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        disk = new ForwardingDevice(FileDevice.open(image)) {
            @Override
            public void read(long offset, ByteBuffer into) throws IOException {
                check(offset, into.remaining());
                super.read(offset, into);
            }

            @Override
            public void write(long offset, ByteBuffer from) throws IOException {
                check(offset, from.remaining());
                super.write(offset, from);
            }

            @Override
            public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
                check(offset, length);
                super.writeZeroes(offset, length, allocate);
            }

            private void check(long offset, long length) {
                if (offset < 0 || length <= 0 || length > SIZE - offset) {
                    strays.incrementAndGet();
                }
            }

            @Override
            public void flush() throws IOException {
                flushes.incrementAndGet();
                super.flush();
            }
        };
        readOnly = FileDevice.openReadOnly(image);
        server = new NbdServer(
                socket(), new ExportMap(Map.of("d", disk, "r", readOnly)), Clients.MANY, Duration.ofMillis(500));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        disk.close();
        readOnly.close();
        assertEquals(0, strays.get());
    }

    @ParameterizedTest
    @CsvSource({
        // command flags, command, offset, length, errno
        "0, 0, 0, 0, 22", // read of nothing
        "0, 0, 1048575, 2, 22", // read across the end
        "0, 0, 1048576, 1, 22", // read behind the end
        "0, 0, -1, 1, 22", // offset 2^64 - 1
        "0, 0, 9223372036854775807, 512, 22", // offset + length overflows
        "0, 0, 0, 33554433, 22", // read of more than 32 MiB
        "0, 0, 0, -1, 22", // read of 4 GiB - 1
        "4, 0, 0, 512, 22", // DF without structured replies
        "2, 0, 0, 512, 22", // NO_HOLE on a read
        "128, 0, 0, 512, 22", // unknown flag
        "0, 3, 512, 0, 22", // flush with an offset
        "0, 3, 0, 512, 22", // flush with a length
        "0, 4, 1048576, 1, 22", // trim behind the end
        "0, 5, 1048576, 1, 22", // cache behind the end
        "0, 6, 1048576, 1, 28", // zeroes behind the end
        "0, 6, 0, 0, 22", // zeroes of nothing
        "16, 4, 0, 512, 22", // FAST_ZERO on a trim
        "16, 6, 0, 512, 22", // FAST_ZERO, which is not offered here
        "0, 7, 0, 512, 22", // block status without a context
        "0, 8, 0, 512, 22", // resize, an extension nobody has
        "0, 65535, 0, 512, 22", // unknown command
    })
    void aWrongRequestGetsItsErrno(int flags, int command, long offset, int length, int errno) throws IOException {
        try (var client = new RawClient(socket()).enter("d")) {
            assertEquals(errno, client.request(flags, command, offset, length).error());
            assertWorks(client);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1048576, 4096, 28", // behind the end
        "0, 1044481, 4096, 28", // across the end
        "0, -4096, 4096, 28", // offset 2^64 - 4096
        "0, 0, 33554433, 22", // more than 32 MiB
        "2, 0, 4096, 22", // NO_HOLE on a write
        "0, 0, 0, 22", // nothing
    })
    void thePayloadOfAWrongWriteIsReadPast(int flags, long offset, int length, int errno) throws IOException {
        try (var client = new RawClient(socket()).enter("d")) {
            assertEquals(
                    errno,
                    client.request(flags, 1, offset, length).payload(length).error());
            assertWorks(client);
        }
        assertEquals(-1, Files.mismatch(image, zeroes()));
    }

    @Test
    void aReadOnlyExportStaysAsItIs() throws IOException {
        try (var client = new RawClient(socket()).enter("r")) {
            assertEquals(EPERM, client.request(0, 1, 0, 512).payload(512).error());
            assertEquals(EPERM, client.request(0, 6, 0, 512).error());
            assertEquals(EPERM, client.request(0, 4, 0, 512).error());
            assertEquals(0, client.request(0, 3, 0, 0).error());
        }
    }

    @Test
    void everyFuaIsAFlush() throws IOException {
        try (var client = new RawClient(socket()).enter("d")) {
            for (int i = 0; i < 10; i++) {
                assertEquals(
                        0, client.request(1, 1, 4096 * i, 4096).payload(4096).error());
            }
            assertEquals(0, client.request(1, 6, 0, 4096).error());
            assertEquals(0, client.request(1, 4, 0, 4096).error());
            assertEquals(0, client.request(0, 1, 0, 4096).payload(4096).error());
            assertEquals(0, client.request(1, 0, 0, 1).error());
            client.data(1);
        }
        assertEquals(12, flushes.get());
    }

    @Test
    void hangingUpInTheMiddleOfAPayloadWritesNothing() throws IOException {
        try (var client = new RawClient(socket()).enter("d")) {
            var ones = new byte[4096];
            Arrays.fill(ones, (byte) 1);
            client.request(0, 1, 0, 8192).send(ByteBuffer.allocate(4096).put(ones));
        }
        assertOthersAreServed();
        server.close(); // waits for the connection's end
        assertEquals(-1, Files.mismatch(image, zeroes()));
    }

    @Test
    void hangingUpWhileRequestsAreUnderWayIsHarmless() throws IOException {
        try (var client = new RawClient(socket()).enter("d")) {
            for (int i = 0; i < 100; i++) {
                client.request(0, 0, 0, SIZE);
            }
        }
        assertOthersAreServed();
    }

    @Test
    void aClientThatTakesNoRepliesHoldsUpOnlyItself() throws IOException {
        try (var client = new RawClient(socket()).enter("d")) {
            for (int i = 0; i < 100; i++) { // more than may be under way, less than the socket takes
                client.request(0, 0, 0, SIZE);
            }
            assertOthersAreServed();
        }
    }

    @Test
    void aDiskThatStandsStillHoldsUpOnlyItself() throws Exception {
        var release = new CountDownLatch(1);
        var still = new ForwardingDevice(disk) {
            @Override
            public void write(long offset, ByteBuffer from) throws IOException {
                await(release);
                super.write(offset, from);
            }
        };
        var path = folder.resolve("still");
        try (var _ = new NbdServer(path, new ExportMap(Map.of("still", still, "d", disk)), Clients.ONE);
                var client = new RawClient(path).enter("still")) {
            for (int i = 0; i < 100; i++) { // more than may be under way
                client.request(0, 1, 0, 512).payload(512);
            }
            try (var neighbour = new RawClient(path).enter("d")) {
                for (int i = 0; i < 100; i++) {
                    assertEquals(
                            0, neighbour.request(0, 1, 4096, 512).payload(512).error());
                    assertEquals(0, neighbour.request(0, 3, 0, 0).error());
                }
            } finally {
                release.countDown();
            }
            for (int i = 0; i < 100; i++) {
                assertEquals(0, client.error());
            }
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void garbageInsteadOfARequestEndsTheConnection() throws IOException {
        try (var client = new RawClient(socket()).enter("d")) {
            client.payload(28);
            assertTrue(client.isHungUp());
        }
        assertOthersAreServed();
    }

    @Test
    void unknownClientFlagsEndTheConnection() throws IOException {
        try (var client = new RawClient(socket()).flags(1 << 5)) {
            assertTrue(client.isHungUp());
        }
    }

    @Test
    void anUnknownNameEndsTheOldestHandshake() throws IOException {
        try (var client = new RawClient(socket()).flags(3)) {
            client.option(Protocol.OPT_EXPORT_NAME, (byte) 'x');
            assertTrue(client.isHungUp());
        }
    }

    @Test
    void wrongOptionsAreRefusedAndTheHandshakeGoesOn() throws IOException {
        try (var client = new RawClient(socket()).flags(3)) {
            assertRefused(Protocol.REP_ERR_UNSUP, client.option(5)); // STARTTLS
            assertRefused(Protocol.REP_ERR_UNSUP, client.option(11)); // EXTENDED_HEADERS
            assertRefused(Protocol.REP_ERR_UNSUP, client.option(0x7fffffff, (byte) 1));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_LIST, (byte) 1));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_STRUCTURED_REPLY, (byte) 1));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_GO));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_GO, bytes(0xffffffff)));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_GO, bytes(1000, 0)));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_GO, bytes(0, 0xffff0000)));
            assertRefused(Protocol.REP_ERR_UNKNOWN, client.option(Protocol.OPT_INFO, bytes(2, 0x78780000)));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_SET_META_CONTEXT, bytes(0, -1)));
            assertRefused(Protocol.REP_ERR_INVALID, client.option(Protocol.OPT_SET_META_CONTEXT, bytes(0, 0)));
            assertRefused(
                    Protocol.REP_ERR_TOO_BIG,
                    client.optionHeader(Protocol.OPT_GO, 1 << 20).payload(1 << 20));
            client.option(Protocol.OPT_ABORT);
            assertEquals(Protocol.REP_ACK, client.optionReply().type());
            assertTrue(client.isHungUp());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 20})
    void aSlowHandshakeIsEnded(int bytes) throws IOException {
        try (var client = new RawClient(socket())) {
            client.payload(bytes);
            assertTrue(client.isHungUp());
        }
    }

    @Test
    void anEstablishedConnectionMayBeIdle() throws IOException {
        try (var idle = new RawClient(socket()).enter("d");
                var slow = new RawClient(socket())) {
            assertTrue(slow.isHungUp()); // so the deadline of a handshake has passed
            assertWorks(idle);
        }
    }

    @Test
    void leavingWaitsForTheRequestsUnderWay() throws Exception {
        var release = new CountDownLatch(1);
        var written = new CountDownLatch(1);
        var slow = new ForwardingDevice(disk) {
            @Override
            public void write(long offset, ByteBuffer from) throws IOException {
                await(release);
                super.write(offset, from);
                written.countDown();
            }
        };
        var path = folder.resolve("slow");
        try (var _ = new NbdServer(path, new SingleExport("s", slow), Clients.MANY);
                var client = new RawClient(path).enter("s")) {
            client.request(0, 1, 0, 512).payload(512).request(0, 2, 0, 0);
            release.countDown();
            assertEquals(0, client.error());
            assertEquals(0, written.getCount());
            assertTrue(client.isHungUp());
        }
    }

    private void assertOthersAreServed() throws IOException {
        try (var other = new RawClient(socket()).enter("d")) {
            assertWorks(other);
        }
    }

    private static void assertWorks(RawClient client) throws IOException {
        assertEquals(0, client.request(0, 0, SIZE - 512, 512).error());
        assertEquals(ByteBuffer.allocate(512), client.data(512));
    }

    private static void assertRefused(int error, RawClient client) throws IOException {
        assertEquals(
                Integer.toHexString(error),
                Integer.toHexString(client.optionReply().type()));
    }

    private static byte[] bytes(int... words) {
        var bytes = ByteBuffer.allocate(4 * words.length);
        for (int word : words) {
            bytes.putInt(word);
        }
        return bytes.array();
    }

    private Path zeroes() throws IOException {
        return Files.write(folder.resolve("zeroes"), new byte[SIZE]);
    }

    private Path socket() {
        return folder.resolve("s");
    }
}
