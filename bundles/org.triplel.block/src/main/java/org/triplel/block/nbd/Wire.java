package org.triplel.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** Moves whole buffers over a blocking channel. */
final class Wire {

    /** The system copies a heap buffer through a native one of the same size that the thread then keeps. */
    private static final int MAX_HEAP_PIECE = 128 << 10;

    private final ByteChannel channel;

    Wire(ByteChannel channel) {
        this.channel = channel;
    }

    /** Fills {@code into} up to its limit. */
    void read(ByteBuffer into) throws IOException {
        int end = into.limit();
        while (into.position() < end) {
            int result = channel.read(piece(into, end));
            into.limit(end);
            if (result < 0) {
                throw new EOFException("the other side has hung up");
            }
        }
    }

    /** The next {@code length} bytes, ready to be taken. */
    ByteBuffer read(int length) throws IOException {
        var buffer = ByteBuffer.allocate(length);
        read(buffer);
        return buffer.flip();
    }

    void write(ByteBuffer from) throws IOException {
        int end = from.limit();
        while (from.position() < end) {
            channel.write(piece(from, end));
            from.limit(end);
        }
    }

    /** Reads past the next {@code length} bytes. */
    void skip(long length) throws IOException {
        var rubbish = ByteBuffer.allocate((int) Math.min(length, MAX_HEAP_PIECE));
        for (long rest = length; rest > 0; rest -= rubbish.limit()) {
            read(rubbish.clear().limit((int) Math.min(rest, rubbish.capacity())));
        }
    }

    private static ByteBuffer piece(ByteBuffer buffer, int end) {
        return buffer.isDirect() ? buffer : buffer.limit(Math.min(end, buffer.position() + MAX_HEAP_PIECE));
    }
}
