package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A file of this host that holds blocks of a disk. Thread-safe; the caller sees to it that changes of one block come one
 * after the other. Blocks that are no longer held keep their content, which a read that is under way may still need.
 */
sealed interface LocalPart permits SubFile, JournalFile {

    /** The unit of what is here, in bytes. */
    int BLOCK_BYTES = HeldBlocks.BLOCK_BYTES;

    /** Which blocks are here. */
    HeldBlocks held();

    void read(long offset, ByteBuffer into) throws IOException;

    /** As {@link org.triplel.block.BlockDevice#readNow}. */
    boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException;

    /** Writes whole blocks, which are here from then on. */
    void write(long offset, ByteBuffer from) throws IOException;

    /** As {@link org.triplel.block.BlockDevice#writeNow}, of whole blocks, which are here from then on. */
    boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException;

    /** Makes whole blocks zeroes, which are here from then on. */
    void writeZeroes(long offset, long length, boolean allocate) throws IOException;

    /** The newest content of these blocks is elsewhere from now on. */
    void release(long offset, long length);

    /** No read or change is under way any more. The files stay. */
    void close() throws IOException;
}
