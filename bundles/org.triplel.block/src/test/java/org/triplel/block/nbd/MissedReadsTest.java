package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.ForwardingDevice;

/** Reads that a disk of this host must be waited for, several of them at a time. */
@Timeout(60)
class MissedReadsTest {

    private static final long SLOW = 1024;

    @TempDir
    Path folder;

    private final CountDownLatch release = new CountDownLatch(1);
    private NbdServer server;

    /** Nothing is at hand; one block takes until it is released, and one cannot be read. */
    private final class Disk extends ForwardingDevice {

        private static final long BROKEN = 2048;

        Disk() {
            super(new MemoryDevice(1 << 16));
        }

        @Override
        public boolean readsLocally(long offset, int length) {
            return true;
        }

        @Override
        public void read(long offset, ByteBuffer into) throws IOException {
            if (offset == BROKEN) {
                throw new IOException("a bad block");
            }
            try {
                if (offset == SLOW) {
                    release.await();
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            super.read(offset, into);
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = new NbdServer(folder.resolve("s.sock"), new SingleExport("", new Disk()), Clients.MANY);
    }

    @AfterEach
    void stop() throws IOException {
        release.countDown();
        server.close();
    }

    private static ByteBuffer reads(long... offsets) {
        var requests = ByteBuffer.allocate(offsets.length * Protocol.REQUEST_BYTES);
        for (long offset : offsets) {
            new Request(0, Command.READ.number(), 0x1234567890abcdefL, offset, 512).encode(requests);
        }
        return requests;
    }

    private static void answered(RawClient client) throws IOException {
        assertEquals(0, client.error());
        client.data(512);
    }

    @Test
    void oneThatTakesLongHoldsUpNeitherThoseBeforeItNorLaterOnes() throws IOException {
        try (var client = new RawClient(folder.resolve("s.sock")).enter("")) {
            client.send(reads(0, 512, SLOW));
            answered(client);
            answered(client);
            client.send(reads(4096, 8192));
            answered(client);
            answered(client);
            release.countDown();
            answered(client);
        }
    }

    @Test
    void oneThatFailsConcernsNoOther() throws IOException {
        try (var client = new RawClient(folder.resolve("s.sock")).enter("")) {
            client.send(reads(0, Disk.BROKEN, 512));
            answered(client);
            assertEquals(5, client.error());
            answered(client);
        }
    }

    @Test
    void aClientThatLeavesWithReadsUnderWayLeavesNothingBehind() throws IOException {
        release.countDown();
        for (int i = 0; i < 20; i++) {
            try (var client = new RawClient(folder.resolve("s.sock")).enter("")) {
                var requests = ByteBuffer.allocate(3 * Protocol.REQUEST_BYTES)
                        .put(reads(0, SLOW).flip());
                new Request(0, Command.DISC.number(), 0, 0, 0).encode(requests);
                client.send(requests);
                answered(client);
                answered(client);
            }
        }
        server.close(); // waits for every request
    }
}
