package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.triplel.agent.api.Exposure;
import org.triplel.block.BlockException;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.guest.JournalDevice;
import org.triplel.router.Direction;
import org.triplel.router.DiskMetrics;
import org.triplel.router.RequestClass;
import org.triplel.router.Side;

/** A disk of a VM that lies on this host as a whole; all its requests are of one class. */
final class LocalDisk extends ForwardingDevice {

    private static final System.Logger LOG = System.getLogger(LocalDisk.class.getName());

    /** Where the journal's superblock lies if its blocks have 4 KiB, and further to the front if they have less. */
    private static final long SUPERBLOCK = 4 << 10;

    /** Told that what was written may not be on the disk, before whoever asked for that is. */
    interface Alarm {
        void flushFailed();
    }

    private final String export;
    private final FileDevice file;
    private final RequestClass requestClass;
    private final DiskMetrics metrics;
    private final Alarm alarm;

    /** Where the newest write ended, apart from those of the journal's superblock, which lies before all else. */
    private volatile long newest;

    /**
     * @param export the name under which QEMU finds it
     * @param metrics count its requests
     * @param alarm may be told several times, from any thread
     */
    LocalDisk(String export, FileDevice file, RequestClass requestClass, DiskMetrics metrics, Alarm alarm) {
        super(file);
        this.export = export;
        this.file = file;
        this.requestClass = requestClass;
        this.metrics = metrics;
        this.alarm = alarm;
    }

    /** What the guest has in its journal here and may not have in place yet, at most; nothing if it is no journal. */
    Exposure exposure() {
        if (requestClass != RequestClass.JOURNAL) {
            return Exposure.NONE;
        }
        return exposure(file, newest);
    }

    /**
     * The same of a file that is the journal disk of a VM that is off.
     *
     * @param newest where the newest write ended, or 0 if an earlier agent knew
     */
    static Exposure exposure(FileDevice file, long newest) {
        try {
            return JournalDevice.look(file.size(), file::read)
                    .map(journal -> exposure(journal, newest))
                    .orElse(Exposure.NONE);
        } catch (IOException unreadable) { // whoever uses it will say so
            return Exposure.NONE;
        }
    }

    private static Exposure exposure(JournalDevice journal, long newest) {
        long bytes = newest < journal.log().start() || newest > journal.log().end()
                ? journal.log().length()
                : journal.bytesUpTo(newest);
        long age = journal.oldestCommit()
                .map(commit -> Math.max(0, System.currentTimeMillis() - commit.toEpochMilli()))
                .orElse(0L);
        return new Exposure(bytes, age);
    }

    String export() {
        return export;
    }

    private void count(Direction direction, long bytes, long begun) {
        metrics.record(requestClass, direction, Side.LOCAL, bytes, System.nanoTime() - begun);
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        long begun = System.nanoTime();
        int length = into.remaining();
        super.read(offset, into);
        count(Direction.READ, length, begun);
    }

    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        long begun = System.nanoTime();
        boolean done = file.readNow(offset, memory, at, length);
        if (done) {
            count(Direction.READ, length, begun);
        }
        return done;
    }

    @Override
    public boolean readsLocally(long offset, int length) {
        return file.readsLocally(offset, length);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        long begun = System.nanoTime();
        int length = from.remaining();
        super.write(offset, from);
        wrote(offset, length, begun);
    }

    @Override
    public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        long begun = System.nanoTime();
        boolean done = file.writeNow(offset, memory, at, length);
        if (done) {
            wrote(offset, length, begun);
        }
        return done;
    }

    private void wrote(long offset, int length, long begun) {
        count(Direction.WRITE, length, begun);
        if (offset > SUPERBLOCK) {
            newest = offset + length;
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            super.flush();
        } catch (IOException e) {
            if (BlockException.of(e) != BlockException.Errno.ESHUTDOWN) { // it is closed, and was flushed before
                alarm.flushFailed();
            }
            throw e;
        }
    }

    /** A failure is not told: the alarm was. */
    void release() {
        try (file) {
            flush();
        } catch (IOException e) {
            LOG.log(Level.ERROR, export + ": released", e);
        }
    }

    @Override
    public boolean flushesLocally() {
        return file.flushesLocally();
    }

    /** Its space is the guest's own, and stays so: a journal must never find the host's disk full. */
    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        super.writeZeroes(offset, length, true);
    }

    @Override
    public void trim(long offset, long length) {
        // its content may stay
    }
}
