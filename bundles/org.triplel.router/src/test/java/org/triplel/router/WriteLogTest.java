package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.block.FileDevice;
import org.triplel.router.Recording.Change;
import org.triplel.router.Recording.Flush;

/** What recorders keep can be read by others: here by a small script of Python that knows the format only. */
@Timeout(60)
class WriteLogTest {

    private static final int SECTOR = 512;
    private static final int BYTES = 4 << 20;

    @TempDir
    Path folder;

    /** Returns what the script says of the log. */
    private List<String> replay(WriteLog log, byte[] image) throws Exception {
        var script = folder.resolve("replay-writes.py");
        try (var content = WriteLogTest.class.getResourceAsStream("replay-writes.py")) {
            Files.copy(content, script, StandardCopyOption.REPLACE_EXISTING);
        }
        var file = folder.resolve("log.writes");
        try (var out = Files.newOutputStream(file)) {
            log.write(out);
        }
        var replayed = Files.write(folder.resolve("replayed.raw"), image);
        var process = new ProcessBuilder("/usr/bin/python3", script.toString(), file.toString(), replayed.toString())
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
        var lines = said.lines().toList();
        assertEquals("length " + Files.size(file), lines.getLast());
        return lines.subList(0, lines.size() - 1);
    }

    /** Four at once, each in its own quarter. */
    private static void work(RecordingDevice device, long seed) throws Exception {
        var all = new ArrayList<Future<Boolean>>();
        try (var pool = Executors.newFixedThreadPool(4)) {
            for (int quarter = 0; quarter < 4; quarter++) {
                int first = quarter * (BYTES / 4);
                var random = new Random(seed + quarter);
                all.add(pool.submit(() -> {
                    for (int i = 0; i < 100; i++) {
                        send(device, first, random);
                    }
                    return true;
                }));
            }
        }
        for (var each : all) {
            each.get();
        }
    }

    private static void send(RecordingDevice device, int first, Random random) throws IOException {
        byte[] content = new byte[SECTOR * (1 + random.nextInt(64))];
        random.nextBytes(content);
        int offset = first + SECTOR * random.nextInt((BYTES / 4 - content.length) / SECTOR);
        switch (random.nextInt(8)) {
            case 0 -> device.flush();
            case 1 -> device.trim(offset, content.length);
            case 3 -> device.write(offset + 8, ByteBuffer.wrap(content, 0, 8)); // as QEMU does in a header
            case 4 -> device.trim(offset + 8, content.length - 8);
            case 2 -> device.writeZeroes(offset, content.length, random.nextBoolean());
            default -> device.write(offset, ByteBuffer.wrap(content));
        }
    }

    @Test
    void whatIsReplayedIsWhatTheDeviceHolds() throws Exception {
        byte[] initial = new byte[BYTES];
        new Random(1).nextBytes(initial);
        var file = Files.write(folder.resolve("device.raw"), initial);
        Recording recording;
        try (var device = new RecordingDevice(FileDevice.open(file), new Ticks())) {
            work(device, 1);
            recording = device.recording();
        }
        var said = replay(WriteLog.of(initial, recording, List.of(new WriteLog.Moment(0, "begin"))), initial);

        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(folder.resolve("replayed.raw")));
        assertEquals("MARK 0 0 begin", said.getFirst());
        assertEquals(
                recording.flushes().size(),
                said.stream().filter(line -> line.equals("FLUSH 0 0 ")).count());
        long trims = recording.changes().stream()
                .filter(change -> change.kind() == Change.Kind.TRIM && change.offset() % SECTOR == 0)
                .count();
        assertTrue(trims > 0);
        assertEquals(
                trims, said.stream().filter(line -> line.startsWith("DISCARD ")).count());
    }

    private static Change write(long begin, long end, int sector) {
        return new Change(begin, end, sector * SECTOR, new byte[SECTOR], Change.Kind.WRITE);
    }

    /** The example of Documentation/admin-guide/device-mapper/log-writes.rst: W1, W2, W3, C3, C2, Wflush, C1, Cflush. */
    @Test
    void aFlushStandsBehindWhatHadEndedWhenItBegan() throws Exception {
        var recording =
                new Recording(List.of(write(1, 7, 1), write(2, 5, 2), write(3, 4, 3)), List.of(new Flush(6, 8)));
        assertEquals(
                List.of("WRITE 3 1 ", "WRITE 2 1 ", "FLUSH 0 0 ", "WRITE 1 1 "),
                replay(WriteLog.of(new byte[BYTES], recording, List.of()), new byte[BYTES]));
    }

    /** QEMU has written these logs by itself. */
    @ParameterizedTest
    @ValueSource(strings = {"fio", "dpkg", "sqlite", "journal"})
    void theLogsOfQemuAreReadAndWrittenToTheLastByte(String workload) throws Exception {
        byte[] original;
        try (InputStream packed = WriteLogTest.class.getResourceAsStream(workload + ".writes.gz");
                var content = new GZIPInputStream(packed)) {
            original = content.readAllBytes();
        }
        var log = WriteLog.read(new ByteArrayInputStream(original));
        var written = new ByteArrayOutputStream();
        log.write(written);
        assertArrayEquals(original, written.toByteArray());
        assertEquals(log.entries().size(), replay(log, new byte[BYTES]).size());

        assertThrows(
                IOException.class,
                () -> WriteLog.read(new ByteArrayInputStream(original, 0, original.length - 1)),
                "cut short");
        original[0]++;
        assertThrows(IOException.class, () -> WriteLog.read(new ByteArrayInputStream(original)), "no magic");
    }
}
