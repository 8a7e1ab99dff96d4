package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.triplel.block.BlockDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.router.Recording.Change;
import org.triplel.router.Recording.Change.Kind;
import org.triplel.router.Recording.Flush;

/** Keeps what goes to a device, in order and with its data. A failed request is not kept: it ends the test anyway. */
public final class RecordingDevice extends ForwardingDevice {

    private interface Attempt {
        boolean succeeds() throws IOException;
    }

    private final BlockDevice device;
    private final Ticks clock;
    private final Queue<Change> changes = new ConcurrentLinkedQueue<>();
    private final Queue<Flush> flushes = new ConcurrentLinkedQueue<>();

    public RecordingDevice(BlockDevice device, Ticks clock) {
        super(device);
        this.device = device;
        this.clock = clock;
    }

    /** What was done until now. */
    public Recording recording() {
        return new Recording(
                changes.stream().sorted(Comparator.comparingLong(Change::begin)).toList(),
                flushes.stream().sorted(Comparator.comparingLong(Flush::begin)).toList());
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        byte[] content = new byte[from.remaining()];
        from.duplicate().get(content);
        change(offset, content, Kind.WRITE, () -> {
            device.write(offset, from);
            return true;
        });
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        change(offset, empty(length), Kind.ZEROES, () -> {
            device.writeZeroes(offset, length, allocate);
            return true;
        });
    }

    @Override
    public boolean zeroesFast() {
        return device.zeroesFast();
    }

    @Override
    public boolean writeZeroesFast(long offset, long length, boolean allocate) throws IOException {
        return change(offset, empty(length), Kind.ZEROES, () -> device.writeZeroesFast(offset, length, allocate));
    }

    /** A trimmed range reads as zeroes: files and routed disks say so. */
    @Override
    public void trim(long offset, long length) throws IOException {
        change(offset, empty(length), Kind.TRIM, () -> {
            device.trim(offset, length);
            return true;
        });
    }

    @Override
    public void flush() throws IOException {
        long begin = clock.next();
        device.flush();
        flushes.add(new Flush(begin, clock.next()));
    }

    private static byte[] empty(long length) {
        return new byte[Math.toIntExact(length)];
    }

    private boolean change(long offset, byte[] content, Kind kind, Attempt attempt) throws IOException {
        long begin = clock.next();
        boolean done = attempt.succeeds();
        if (done) {
            changes.add(new Change(begin, clock.next(), Math.toIntExact(offset), content, kind));
        }
        return done;
    }
}
