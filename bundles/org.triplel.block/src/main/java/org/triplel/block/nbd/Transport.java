package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ByteChannel;

/**
 * The bytes of a connection, both ways. One thread at a time receives and one sends; {@link #close} may be called by any,
 * and ends what the others wait for.
 */
interface Transport extends ByteChannel {

    /**
     * Waits for at least one byte.
     *
     * @param memory native, gets what comes from {@code at} on
     * @return how many bytes came, at most {@code length}; -1 if the other side has hung up
     */
    int receive(MemorySegment memory, long at, long length) throws IOException;

    /** Sends {@code length} bytes of native memory from {@code at} on, however long the other side takes. */
    void send(MemorySegment memory, long at, long length) throws IOException;

    /**
     * Sends a range of a file, from its pages, however long the other side takes.
     *
     * @return how many bytes were sent: fewer if the file cannot be read there
     * @throws IOException the other side takes no more
     */
    int sendFile(int file, long offset, int length) throws IOException;

    /** Sends what there is room for without waiting; returns how many bytes that were. */
    long sendNow(MemorySegment memory, long at, long length) throws IOException;

    /** Whether the other side is gone, though what it has sent before may not have been received yet. */
    boolean isHungUp();

    /** As in {@link ByteChannel}, and it cannot fail. */
    @Override
    void close();
}
