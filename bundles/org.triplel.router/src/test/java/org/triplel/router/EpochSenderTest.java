package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.ImageDaemon;
import org.triplel.block.OverlayDevice;

// a thread of its own: what hangs here cannot be interrupted
@ExtendWith(QuietRouter.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EpochSenderTest {

    private static final int DISK = 1 << 16;
    private static final int BLOCK = 4096;

    /** Two blocks alone fit into it, but not beside a third; and one is not yet so much that it is flushed by itself. */
    private static final int RING = (int) (2 * RecordRing.recordBytes(BLOCK));

    @TempDir
    Path folder;

    private final SimulatedImageDaemon simulated = new SimulatedImageDaemon(new Random(1), new byte[DISK]);
    private final DyingDaemon daemon = new DyingDaemon();

    /** Starts writes, but has done nothing when it dies. */
    private final class DyingDaemon implements ImageDaemon {

        private Optional<ChangeCompletion> started = Optional.empty();

        void die() {
            simulated.kill();
            started.orElseThrow().failed(new DeviceLostException("the daemon is dead", null));
        }

        @Override
        public OverlayDevice open() throws IOException {
            return new Device(simulated.open());
        }

        @Override
        public void close() {
            simulated.close();
        }

        private final class Device extends ForwardingDevice implements OverlayDevice {

            private final OverlayDevice overlay;

            Device(OverlayDevice overlay) {
                super(overlay);
                this.overlay = overlay;
            }

            @Override
            public boolean startWrite(
                    long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
                started = Optional.of(completion);
                return true;
            }

            @Override
            public List<Extent> held(long offset, long length) throws IOException {
                return overlay.held(offset, length);
            }
        }
    }

    private static Change.Write write(long offset, byte[] content) {
        return new Change.Write(offset, ByteBuffer.wrap(content));
    }

    @Test
    void whatADeadDaemonLostIsDoneBeforeItsRoomIsWaitedFor() throws IOException {
        var random = new Random(2);
        byte[] one = new byte[BLOCK];
        byte[] two = new byte[2 * BLOCK];
        random.nextBytes(one);
        random.nextBytes(two);
        var spool = Spool.open(folder.resolve("spool"), FileOwner.of("disk", "boot"), RING);
        try (var base = new SimulatedFile(DISK, call -> {});
                var overlay = new SpooledOverlay("disk", daemon, spool, base)) {
            // It dies when the second is about to be begun, for which the first has left no room.
            var sender = new EpochSender(overlay, bytes -> {
                if (bytes == two.length) {
                    daemon.die();
                }
            });
            assertEquals(one.length + two.length, sender.send(List.of(write(0, one), write(DISK / 2, two))));
            overlay.flush();
        }
        byte[] expected = new byte[DISK];
        System.arraycopy(one, 0, expected, 0, one.length);
        System.arraycopy(two, 0, expected, DISK / 2, two.length);
        assertArrayEquals(expected, simulated.durableContent());
        assertEquals(2, simulated.opens.get());
    }
}
