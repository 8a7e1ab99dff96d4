package org.triplel.router;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.Extent;
import org.triplel.block.PageBorrower;

/** A base image in memory; clusters of zeroes are holes. */
final class BaseImage implements ClassifiedDevice {

    private static final int CLUSTER = RoutedDisk.CLUSTER_BYTES;

    private final byte[] content;

    BaseImage(byte[] content) {
        this.content = content;
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public void read(long offset, ByteBuffer into) {
        into.put(content, (int) offset, into.remaining());
    }

    /** There is no file: the borrower knows the content. */
    @Override
    public boolean lendNow(long offset, int length, PageBorrower borrower) {
        borrower.take(-1, offset, length);
        return true;
    }

    @Override
    public List<Extent> extents(long offset, long length) {
        var extents = new ArrayList<Extent>();
        for (long at = offset; at < offset + length; ) {
            long end = Math.min(offset + length, (at / CLUSTER + 1) * CLUSTER);
            boolean hole = true;
            for (int i = (int) at; i < end; i++) {
                hole &= content[i] == 0;
            }
            extents.add(new Extent(end - at, hole, hole));
            at = end;
        }
        return extents;
    }

    /** As if a replica held the first two clusters. */
    @Override
    public List<ClassRange> classes(long offset, long length) {
        boolean local = offset < 2 * CLUSTER;
        long end = Math.min(offset + length, local ? 2 * CLUSTER : content.length);
        return List.of(new ClassRange(end - offset, ClassRange.Kind.BASE, local));
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        throw new AssertionError("nobody writes to a base");
    }

    @Override
    public void flush() {
        throw new AssertionError("nobody writes to a base");
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) {
        throw new AssertionError("nobody writes to a base");
    }

    @Override
    public void trim(long offset, long length) {
        throw new AssertionError("nobody writes to a base");
    }

    @Override
    public void close() {
        // in memory
    }
}
