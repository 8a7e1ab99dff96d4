package org.triplel.block;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A disk or a part of one, addressed in bytes. Every leg of the router, every image and every export is one.
 *
 * <p>Semantics are those of the NBD protocol: a write is visible to every read that starts after it returned, and is
 * durable once a {@link #flush()} that starts after it has returned. Any offset and length within {@link #size()} is
 * allowed; callers have checked the range (the NBD server does so at its door).
 *
 * <p>Thread-safe: any number of requests may run at once. The order of overlapping concurrent changes is open. A call
 * blocks its thread until the request is done, so a caller that must not wait uses a worker thread; it must never be a
 * thread that others interrupt. What can be done without waiting has methods of its own, which may always answer that it
 * cannot: {@code readNow} and {@code writeNow} do it, {@code startRead} and {@code startWrite} have it done.
 *
 * <p>A failed request throws {@link BlockException} where the cause has an errno of its own, otherwise another
 * {@link IOException}, which stands for EIO.
 */
public interface BlockDevice extends AutoCloseable {

    /** The size in bytes; does not change while the device is open. */
    long size();

    /** Whether every change is refused with {@link BlockException.Errno#EPERM}. */
    default boolean readOnly() {
        return false;
    }

    /** Fills {@code into} up to its limit with the content from {@code offset} on. */
    void read(long offset, ByteBuffer into) throws IOException;

    /**
     * Reads, but only if no disk, network or other thread has to be waited for.
     *
     * @param memory native, {@code length} bytes of it from {@code at} on are filled
     * @return whether it did so; if not, nothing has happened but that the memory may have changed
     */
    default boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return false;
    }

    /**
     * Lends the pages of a range, if all of them are in memory, and if the range always lies at this place of one file. What is
     * written to the range while they are lent may be seen or not, or in part, as by a read at that time. A borrower that
     * cannot use them all the same {@linkplain #read reads patiently}.
     *
     * @return whether {@code borrower} has taken them; if not, nothing has happened
     */
    default boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
        return false;
    }

    /** Whether a read of the range waits for nothing but a disk of this host. */
    default boolean readsLocally(long offset, int length) {
        return false;
    }

    /**
     * Starts a read whose data will come from elsewhere, without waiting for it. It need not leave before {@link #submit}.
     *
     * @return whether it was started; if not, nothing has happened, and the completion will not be called
     */
    default boolean startRead(long offset, int length, ReadCompletion completion) {
        return false;
    }

    /** Writes what {@code from} holds between position and limit to {@code offset}. */
    void write(long offset, ByteBuffer from) throws IOException;

    /**
     * Writes, but only if no disk, network or other thread has to be waited for.
     *
     * @param memory native, {@code length} bytes of it from {@code at} on are written
     * @return whether it did so; if not, nothing has happened
     */
    default boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return false;
    }

    /**
     * Starts a write that will be carried out elsewhere, without waiting for it. It need not leave before {@link #submit}.
     *
     * @param memory native, {@code length} bytes of it from {@code at} on are written; free again when this returns
     * @return whether it was started; if not, nothing has happened, and the completion will not be called
     */
    default boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        return false;
    }

    /** Sends off what was started; does not wait. */
    default void submit() {}

    /** Returns once every change that completed before this call is durable. */
    void flush() throws IOException;

    /** Whether a flush waits for nothing but a disk of this host. */
    default boolean flushesLocally() {
        return false;
    }

    /** Makes the range read as zeroes; {@code allocate} asks for it to stay allocated on disk (NBD's NO_HOLE). */
    void writeZeroes(long offset, long length, boolean allocate) throws IOException;

    /** Whether {@link #writeZeroesFast} may do anything. */
    default boolean zeroesFast() {
        return false;
    }

    /**
     * Writes zeroes, but only if that is quicker than to write as many bytes (NBD's FAST_ZERO).
     *
     * @return whether it did so; if not, nothing has happened
     */
    default boolean writeZeroesFast(long offset, long length, boolean allocate) throws IOException {
        return false;
    }

    /** Says that the content of the range is no longer needed. What it reads as afterwards is up to the device. */
    void trim(long offset, long length) throws IOException;

    /** Brings the range nearer, so that a later read is cheaper; doing nothing is right. */
    default void prefetch(long offset, long length) throws IOException {}

    /**
     * What is allocated from {@code offset} on: at least one extent, in order, without gaps; together they cover at
     * most {@code length} bytes and may cover less.
     */
    List<Extent> extents(long offset, long length) throws IOException;

    /** Ends the use of the device. Does not flush. */
    @Override
    void close() throws IOException;
}
