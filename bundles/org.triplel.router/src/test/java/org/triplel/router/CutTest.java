package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockDevice;

/**
 * The NAS loses its power while guests work, and with it what was not flushed: plain QEMU finds a sound image, in which
 * all is that a guest had flushed. A killed process cannot show that, for the page cache outlives it.
 */
@Tag("thorough")
class CutTest {

    private static final GuestWork WORK = new GuestWork(5, 50);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    private interface Guests {
        void use(BlockDevice disk, Random random) throws Exception;
    }

    /** What a disk has lived through, and the judges of what is left of it. */
    private record Life(long seed, byte[] overlay, Recording nas, GuestHistory guest, PlainQemu qemu) {

        static Life of(Path folder, long seed, Guests guests) throws Exception {
            var random = new Random(seed);
            var qemu = new PlainQemu(Files.createDirectory(folder));
            var disk = RecordedDisk.create(folder, qemu, random, Placement.NAS);
            try (disk) {
                guests.use(disk.guest(), random);
            }
            return new Life(
                    seed,
                    disk.initialOverlay(),
                    disk.nasRecording(),
                    new GuestHistory(disk.base(), disk.guestRecording()),
                    qemu);
        }

        /** At each flush that reached the NAS: while it is under way, when it has just ended, and some time else. */
        List<PowerCut> cuts() {
            var random = new Random(seed);
            assertFalse(nas.flushes().isEmpty(), "no flush has reached the NAS");
            long end = nas.flushes().getLast().end();
            var cuts = new ArrayList<PowerCut>();
            for (var flush : nas.flushes()) {
                cuts.add(PowerCut.random(flush.end(), random));
                cuts.add(PowerCut.random(flush.end() + 1, random));
                cuts.add(PowerCut.random(1 + random.nextLong(end), random));
            }
            return cuts;
        }

        void survives(PowerCut cut, String name) throws Exception {
            var what = "seed " + seed + ", " + cut;
            try {
                byte[] disk = qemu.disk(name, cut.survivors(overlay, nas));
                guest.complaint(disk, cut.time()).ifPresent(complaint -> {
                    throw new AssertionError(complaint);
                });
            } catch (AssertionError damage) {
                WriteLog.keep(qemu.folder().resolve(name + ".nas.writes"), overlay, nas, cut.time());
                throw new AssertionError(what + ": " + damage.getMessage(), damage);
            }
        }

        int survivesAll(List<PowerCut> cuts) throws Exception {
            return Judges.survivesAll(cuts, this::survives);
        }
    }

    private void cut(int atLeast) throws Exception {
        long seed = System.nanoTime();
        for (int done = 0; done < atLeast; seed++) {
            var life = Life.of(folder.resolve("life-" + seed), seed, WORK::on);
            done += life.survivesAll(life.cuts());
        }
    }

    @Test
    @Timeout(900)
    void whatWasFlushedSurvivesHundredsOfCuts() throws Exception {
        cut(500);
    }

    @Test
    @Tag("long")
    @Timeout(7200)
    void whatWasFlushedSurvivesThousandsOfCuts() throws Exception {
        cut(10_000);
    }

    /**
     * The cluster's place in the image has old data, which only the zeroes' mark hides. QEMU takes the mark away when a
     * part is written; the rest must be zeroes by then, also on the platter.
     */
    @Test
    @Timeout(120)
    void flushedZeroesBesideAWriteStayZeroes() throws Exception {
        var life = Life.of(folder.resolve("life"), 2, (disk, random) -> {
            byte[] content = new byte[RoutedDisk.CLUSTER_BYTES];
            random.nextBytes(content);
            disk.write(0, ByteBuffer.wrap(content));
            disk.flush();
            disk.writeZeroes(0, content.length, true);
            disk.flush();
            disk.write(8192, ByteBuffer.wrap(content, 0, 4096));
            disk.flush();
        });
        life.survivesAll(life.nas.flushes().stream()
                .map(flush -> new PowerCut(flush.end(), PowerCut.Loss.ZEROES, 1))
                .toList());
    }

    /** Otherwise the judges would be asleep. */
    @Test
    @Timeout(120)
    void storageThatTakesNoNoticeOfFlushesIsFoundOut() throws Exception {
        var life = Life.of(folder.resolve("life"), 1, new GuestWork(2, 20)::on);
        var end = new PowerCut(Long.MAX_VALUE, PowerCut.Loss.ALL, 1);
        life.survives(end, "honest");
        var liar = new Life(life.seed, life.overlay, life.nas.withoutFlushes(), life.guest, life.qemu);
        var damage = assertThrows(AssertionError.class, () -> liar.survives(end, "liar"));
        assertTrue(damage.getMessage().contains("flushed"), damage::getMessage);
    }
}
