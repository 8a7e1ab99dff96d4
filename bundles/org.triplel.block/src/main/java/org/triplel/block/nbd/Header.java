package org.triplel.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A request's header as it arrived, nothing of it checked but the magic number. One object takes one header after the
 * other, so that the data path makes no garbage; {@link #request()} keeps one.
 */
final class Header {

    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private int flags;
    private int command;
    private long cookie;
    private long offset;
    private long length;

    /** Takes the header at {@code at}; anything but a header means that the two sides have lost step. */
    void parse(MemorySegment memory, long at) throws IOException {
        int magic = memory.get(INT, at);
        if (magic != Protocol.REQUEST_MAGIC) {
            throw new IOException("not an NBD request: magic 0x" + Integer.toHexString(magic));
        }
        flags = Short.toUnsignedInt(memory.get(SHORT, at + 4));
        command = Short.toUnsignedInt(memory.get(SHORT, at + 6));
        cookie = memory.get(LONG, at + 8);
        offset = memory.get(LONG, at + 16);
        length = Integer.toUnsignedLong(memory.get(INT, at + 24));
    }

    Request request() {
        return new Request(flags, command, cookie, offset, length);
    }

    /** 16 bits. */
    int flags() {
        return flags;
    }

    /** 16 bits. */
    int command() {
        return command;
    }

    /** What the reply is matched by. */
    long cookie() {
        return cookie;
    }

    /** In bytes, unsigned. */
    long offset() {
        return offset;
    }

    /** In bytes, 0 to 2^32 - 1. */
    long length() {
        return length;
    }

    /** How many bytes follow the header on the wire. */
    long payloadBytes() {
        return command == Command.WRITE.number() ? length : 0;
    }
}
