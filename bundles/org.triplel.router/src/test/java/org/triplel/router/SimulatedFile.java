package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.Extent;

/** A file on a host's disk, in memory: when the host crashes, any of the sectors that were not flushed are lost. */
final class SimulatedFile implements BlockDevice {

    private static final int SECTOR = 512;

    /** Is called before and after each write and flush, and may throw. */
    interface Hook {
        void at(String call) throws IOException;
    }

    private record Unit(int offset, byte[] bytes) {}

    private final byte[] current;
    private final byte[] durable;
    private final List<Unit> unflushed = new ArrayList<>();
    private final Hook hook;
    private boolean broken;

    SimulatedFile(int size, Hook hook) {
        this(new byte[size], hook);
    }

    private SimulatedFile(byte[] content, Hook hook) {
        this.current = content;
        this.durable = content.clone();
        this.hook = hook;
    }

    /** The file as it may be after a crash of the host now. */
    SimulatedFile crashed(Random random, Hook next) {
        byte[] content = durable.clone();
        for (var unit : unflushed) {
            for (int at = 0; at < unit.bytes.length; at += SECTOR) {
                if (random.nextBoolean()) {
                    int length = Math.min(SECTOR, unit.bytes.length - at);
                    System.arraycopy(unit.bytes, at, content, unit.offset + at, length);
                }
            }
        }
        return new SimulatedFile(content, next);
    }

    /** From now on all fails, and what was not flushed is lost. */
    void breakDown() {
        broken = true;
        System.arraycopy(durable, 0, current, 0, durable.length);
    }

    boolean broken() {
        return broken;
    }

    private void refuseIfBroken() throws BlockException {
        if (broken) {
            throw new BlockException(Errno.EIO, "the disk fails");
        }
    }

    @Override
    public long size() {
        return current.length;
    }

    @Override
    public void read(long offset, ByteBuffer into) {
        into.put(current, (int) offset, into.remaining());
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        hook.at("write");
        refuseIfBroken();
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        System.arraycopy(bytes, 0, current, (int) offset, bytes.length);
        unflushed.add(new Unit((int) offset, bytes));
        hook.at("written");
    }

    @Override
    public void flush() throws IOException {
        hook.at("flush");
        refuseIfBroken();
        for (var unit : unflushed) {
            System.arraycopy(unit.bytes, 0, durable, unit.offset, unit.bytes.length);
        }
        unflushed.clear();
        hook.at("flushed");
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        write(offset, ByteBuffer.allocate((int) length));
    }

    @Override
    public void trim(long offset, long length) {
        Arrays.fill(current, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public List<Extent> extents(long offset, long length) {
        return List.of(Extent.data(length));
    }

    @Override
    public void close() {
        // its content stays
    }
}
