package org.triplel.block.nbd;

import java.nio.ByteBuffer;

/**
 * A request.
 *
 * @param flags 16 bits
 * @param command 16 bits
 * @param cookie what the reply is matched by
 * @param offset in bytes, unsigned
 * @param length in bytes, 0 to 2^32 - 1
 */
record Request(int flags, int command, long cookie, long offset, long length) {

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
}
