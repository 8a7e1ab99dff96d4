package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server whose disks have one client at a time. */
@Timeout(60)
class SeatsTest {

    private static final int SIZE = 1 << 16;

    @TempDir
    Path folder;

    private final CountDownLatch release = new CountDownLatch(1);
    private final Gate slow = new Gate(new MemoryDevice(SIZE), release);
    private NbdServer server;

    @BeforeEach
    void start() throws IOException {
        server = new NbdServer(
                socket(), new ExportMap(Map.of("slow", slow, "other", new MemoryDevice(SIZE))), Clients.ONE);
    }

    @AfterEach
    void stop() throws IOException {
        release.countDown();
        server.close();
    }

    private Path socket() {
        return folder.resolve("s.sock");
    }

    private RawClient client(String export) throws IOException {
        return new RawClient(socket()).enter(export);
    }

    private static int write(RawClient client) throws IOException {
        return client.request(0, Command.WRITE.number(), 0, 512).payload(512).error();
    }

    private void hangUpWithAWriteUnderWay() throws Exception {
        try (var dying = client("slow")) {
            dying.request(0, Command.WRITE.number(), 0, 512).payload(512);
            slow.entered.await();
        }
    }

    private FutureTask<Integer> nextWrite() {
        var next = new FutureTask<>(() -> {
            try (var client = client("slow")) {
                return write(client);
            }
        });
        Thread.ofPlatform().daemon().start(next);
        return next;
    }

    @Test
    void theNextClientWaitsForTheRequestsOfOneThatHasHungUp() throws Exception {
        hangUpWithAWriteUnderWay();
        var next = nextWrite();
        for (int i = 0; i < 100; i++) { // of another disk, meanwhile
            try (var other = client("other")) {
                assertEquals(0, write(other));
            }
        }
        assertFalse(next.isDone());
        release.countDown();
        assertEquals(0, next.get(20, TimeUnit.SECONDS));
    }

    @Test
    void aServerThatClosesDoesNotKeepThoseWhoWait() throws Exception {
        hangUpWithAWriteUnderWay();
        var next = nextWrite();
        var closed = new FutureTask<>(() -> {
            server.close();
            return true;
        });
        Thread.ofPlatform().daemon().start(closed);
        assertThrows(ExecutionException.class, () -> next.get(20, TimeUnit.SECONDS));
        assertFalse(closed.isDone(), "a write is under way");
        release.countDown();
        closed.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aSecondClientIsRefused() throws Exception {
        try (var first = client("slow")) {
            assertThrows(IOException.class, () -> client("slow"));
            release.countDown();
            assertEquals(0, write(first));
        }
        assertEquals(0, nextWrite().get(20, TimeUnit.SECONDS));
    }
}
