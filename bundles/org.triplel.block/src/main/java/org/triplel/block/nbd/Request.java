package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A request's header as it arrived, nothing of it checked but the magic number.
 *
 * @param flags 16 bits
 * @param command 16 bits
 * @param cookie what the reply is matched by
 * @param offset in bytes, unsigned
 * @param length in bytes, 0 to 2^32 - 1
 */
record Request(int flags, int command, long cookie, long offset, long length) {

    /** Takes a header from {@code from}; anything but a header means that the two sides have lost step. */
    static Request parse(ByteBuffer from) throws IOException {
        int magic = from.getInt();
        if (magic != Protocol.REQUEST_MAGIC) {
            throw new IOException("not an NBD request: magic 0x" + Integer.toHexString(magic));
        }
        return new Request(
                Short.toUnsignedInt(from.getShort()),
                Short.toUnsignedInt(from.getShort()),
                from.getLong(),
                from.getLong(),
                Integer.toUnsignedLong(from.getInt()));
    }

    void encode(ByteBuffer into) {
        into.putInt(Protocol.REQUEST_MAGIC)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(cookie)
                .putLong(offset)
                .putInt((int) length);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** How many bytes follow the header on the wire. */
    long payloadBytes() {
        return command == Command.WRITE.number() ? length : 0;
    }
}
