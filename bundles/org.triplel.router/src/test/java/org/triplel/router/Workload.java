package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.triplel.block.BlockDevice;
import org.triplel.router.Recording.Change;

/**
 * What the kernel of a real guest has done to an empty disk, recorded by {@code releng/record-workloads.sh}. When something
 * was durable, as the guest's programs were told, the guest has said so behind the file system, a sector each time: its
 * acknowledgements.
 */
public record Workload(String name, WriteLog log) {

    public static final int BYTES = 16 << 20;
    public static final int FILE_SYSTEM_BYTES = 15 << 20;

    private static final int AT_ONCE = 4;
    private static final int LONGEST = 128 << 10;
    private static final int SECTOR = PowerCut.SECTOR;

    /** Something that is durable from now on. */
    public record Acknowledgement(long time, String text) {}

    /** What happens between a guest's requests. */
    public interface Pause {
        void take() throws IOException;
    }

    public static Workload named(String name) throws IOException {
        try (var packed = Workload.class.getResourceAsStream(name + ".writes.gz");
                var content = new GZIPInputStream(packed)) {
            return new Workload(name, WriteLog.read(content));
        }
    }

    /** What a guest said on a disk that was recorded while it did its work there. */
    public static List<Acknowledgement> acknowledgements(Recording recording) {
        return recording.changes().stream()
                .filter(Workload::acknowledges)
                .map(change -> new Acknowledgement(change.begin(), text(change.content(), 0)))
                .toList();
    }

    private static boolean acknowledges(Change change) {
        return change.kind() == Change.Kind.WRITE && change.offset() >= FILE_SYSTEM_BYTES;
    }

    /** What of it stands on a disk: this many, perhaps not all before the last. */
    public static int acknowledgementsOn(byte[] disk) {
        int count = 0;
        for (int at = FILE_SYSTEM_BYTES; at < disk.length; at += SECTOR) {
            if (disk[at] != 0) {
                count = (at - FILE_SYSTEM_BYTES) / SECTOR + 1;
            }
        }
        return count;
    }

    private static String text(byte[] content, int at) {
        return new String(content, at, SECTOR, StandardCharsets.US_ASCII)
                .lines()
                .findFirst()
                .orElseThrow();
    }

    /** Does it again, what lies between two flushes several at once. */
    public void on(BlockDevice disk, Pause pause) throws Exception {
        try (var pool = Executors.newFixedThreadPool(AT_ONCE)) {
            var batch = new ArrayList<WriteLog.Write>();
            for (var entry : log.entries()) {
                if (!(entry instanceof WriteLog.Write write) || batch.size() >= AT_ONCE || overlaps(batch, write)) {
                    send(disk, batch, pool);
                }
                switch (entry) {
                    case WriteLog.Write write -> {
                        for (int at = 0; at < write.content().length; at += LONGEST) {
                            batch.add(part(write, at));
                        }
                    }
                    case WriteLog.Discard discard -> disk.trim(discard.offset(), discard.length());
                    case WriteLog.Barrier barrier -> {
                        disk.flush();
                        pause.take();
                    }
                    case WriteLog.Mark mark -> throw new IOException("QEMU sets no marks");
                }
            }
            send(disk, batch, pool);
        }
    }

    /** The rings of tests are too small for what a guest writes at once while it makes a file system. */
    private static WriteLog.Write part(WriteLog.Write write, int at) {
        int end = Math.min(write.content().length, at + LONGEST);
        return new WriteLog.Write(write.offset() + at, Arrays.copyOfRange(write.content(), at, end), false);
    }

    private static boolean overlaps(List<WriteLog.Write> batch, WriteLog.Write write) {
        return batch.stream()
                .anyMatch(each -> each.offset() < write.offset() + write.content().length
                        && write.offset() < each.offset() + each.content().length);
    }

    private static void send(BlockDevice disk, List<WriteLog.Write> batch, ExecutorService pool) throws Exception {
        var sent = new ArrayList<Future<Boolean>>();
        for (var write : batch) {
            sent.add(pool.submit(() -> {
                disk.write(write.offset(), ByteBuffer.wrap(write.content()));
                return true;
            }));
        }
        batch.clear();
        for (var each : sent) {
            each.get();
        }
    }

    /** The disk as it was when the guest said this; what was under way may be there. */
    public static byte[] disk(Recording recording, Acknowledgement said) {
        byte[] disk = new byte[BYTES];
        for (var change : recording.changes()) {
            if (change.begin() < said.time()) {
                System.arraycopy(change.content(), 0, disk, change.offset(), change.content().length);
            }
        }
        return disk;
    }

    public static byte[] fileSystem(byte[] disk) {
        return Arrays.copyOf(disk, FILE_SYSTEM_BYTES);
    }
}
