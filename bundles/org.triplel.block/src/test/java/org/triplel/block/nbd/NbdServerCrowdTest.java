package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.triplel.block.Await;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.Tool;

/** Many clients, one after the other and at once. */
@Timeout(120)
@Isolated("counts the threads and descriptors of the whole process")
@Tag("thorough")
class NbdServerCrowdTest {

    private static final int DISKS = 64;
    private static final int CLIENTS_PER_DISK = 4;
    private static final int PIECE = 64 << 10;

    @TempDir
    Path folder;

    private Path image(int disk) throws IOException {
        var image = folder.resolve("disk" + disk + ".raw");
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) CLIENTS_PER_DISK * PIECE);
        }
        return image;
    }

    private static long descriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("nbd "))
                .count();
    }

    @Test
    void aThousandClientsLeaveNothingBehind() throws Exception {
        var socket = folder.resolve("crowd.sock");
        try (var disk = FileDevice.open(image(0));
                var server = new NbdServer(socket, new SingleExport("d", disk), Clients.ONE)) {
            come(socket, 10); // what is made once is made
            Await.until("all have left", () -> threads() == 1);
            long descriptors = descriptors();
            come(socket, 1000);
            Await.until("all have left", () -> threads() == 1); // the one that accepts
            Await.until("all descriptors are given back", () -> descriptors() <= descriptors);
            Tool.run("nbdinfo", "--size", Tool.uri(socket, "d"));
            assertEquals(disk.size(), Files.size(folder.resolve("disk0.raw")));
        }
    }

    /** Every third hangs up with a request under way, and every other third in the handshake. */
    private static void come(Path socket, int clients) throws IOException {
        for (int i = 0; i < clients; i++) {
            try (var client = new RawClient(socket)) {
                switch (i % 3) {
                    case 0 ->
                        assertEquals(
                                0,
                                client.enter("d")
                                        .request(0, Command.FLUSH.number(), 0, 0)
                                        .error());
                    case 1 ->
                        client.enter("d")
                                .request(0, Command.WRITE.number(), 0, PIECE)
                                .payload(PIECE);
                    default -> client.flags(Protocol.FLAG_FIXED_NEWSTYLE);
                }
            }
        }
    }

    @Test
    void manyDisksWithSeveralClientsEachKeepApart() throws Exception {
        Map<String, BlockDevice> disks = new HashMap<>();
        var images = new ArrayList<Path>();
        for (int i = 0; i < DISKS; i++) {
            images.add(image(i));
            disks.put("disk" + i, FileDevice.open(images.get(i)));
        }
        var socket = folder.resolve("many.sock");
        try (var server = new NbdServer(socket, new ExportMap(disks), Clients.MANY);
                var clients = Executors.newFixedThreadPool(DISKS * CLIENTS_PER_DISK)) {
            var work = new ArrayList<Callable<Integer>>();
            for (int i = 0; i < DISKS * CLIENTS_PER_DISK; i++) {
                int client = i;
                work.add(() -> writeAndRead(socket, client));
            }
            for (var done : clients.invokeAll(work)) {
                assertEquals(0, done.get());
            }
        }
        for (var disk : disks.values()) {
            disk.close();
        }
        for (int disk = 0; disk < DISKS; disk++) {
            var expected = ByteBuffer.allocate(CLIENTS_PER_DISK * PIECE);
            for (int client = 0; client < CLIENTS_PER_DISK; client++) {
                expected.put(content(disk * CLIENTS_PER_DISK + client));
            }
            assertArrayEquals(expected.array(), Files.readAllBytes(images.get(disk)), "disk " + disk);
        }
    }

    private static byte[] content(int client) {
        byte[] content = new byte[PIECE];
        Arrays.fill(content, (byte) (client + 1));
        return content;
    }

    /** Returns how many requests went wrong. */
    private static int writeAndRead(Path socket, int client) throws IOException {
        int wrong = 0;
        try (var connection = new RawClient(socket).enter("disk" + client / CLIENTS_PER_DISK)) {
            long at = (long) client % CLIENTS_PER_DISK * PIECE;
            for (int round = 0; round < 8; round++) {
                connection
                        .request(0, Command.WRITE.number(), at, PIECE)
                        .send(ByteBuffer.allocate(PIECE).put(content(client)));
                wrong += connection.error() == 0 ? 0 : 1;
                wrong += connection.request(0, Command.READ.number(), at, PIECE).error() == 0 ? 0 : 1;
                wrong += Arrays.equals(content(client), connection.data(PIECE).array()) ? 0 : 1;
            }
        }
        return wrong;
    }
}
