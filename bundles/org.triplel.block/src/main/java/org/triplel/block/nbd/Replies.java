package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.triplel.block.BlockException;
import org.triplel.block.Extent;

/** Sends replies, in the form that was negotiated, each whole and one after the other. Used by many threads at once. */
final class Replies {

    /** Room that a read's reply needs in front of its data: header and offset of a structured reply. */
    static final int READ_HEADER_BYTES = Protocol.STRUCTURED_REPLY_BYTES + Long.BYTES;

    private static final int MAX_MESSAGE_BYTES = 1024;

    private final Wire wire;
    private final boolean structured;

    Replies(Wire wire, Session session) {
        this.wire = wire;
        this.structured = session.structured();
    }

    void done(Request request) throws IOException {
        var reply = ByteBuffer.allocate(Protocol.STRUCTURED_REPLY_BYTES);
        if (structured) {
            putChunk(reply, request, Protocol.REPLY_TYPE_NONE, 0);
        } else {
            putSimple(reply, request, 0);
        }
        send(reply.flip());
    }

    /** @param reply the data, after {@link #READ_HEADER_BYTES} bytes that are this method's */
    void data(Request request, ByteBuffer reply) throws IOException {
        if (structured) {
            putChunk(reply.rewind(), request, Protocol.REPLY_TYPE_OFFSET_DATA, Long.BYTES + (int) request.length());
            send(reply.putLong(request.offset()).rewind());
        } else {
            int start = READ_HEADER_BYTES - Protocol.SIMPLE_REPLY_BYTES;
            putSimple(reply.position(start), request, 0);
            send(reply.position(start));
        }
    }

    void allocation(Request request, List<Extent> extents) throws IOException {
        int length = Integer.BYTES + extents.size() * 2 * Integer.BYTES;
        var reply = ByteBuffer.allocate(Protocol.STRUCTURED_REPLY_BYTES + length);
        putChunk(reply, request, Protocol.REPLY_TYPE_BLOCK_STATUS, length);
        reply.putInt(Session.ALLOCATION_ID);
        for (var extent : extents) {
            reply.putInt((int) extent.length())
                    .putInt((extent.hole() ? Protocol.STATE_HOLE : 0) | (extent.zero() ? Protocol.STATE_ZERO : 0));
        }
        send(reply.flip());
    }

    void failed(Request request, Throwable failure) throws IOException {
        int errno = BlockException.of(failure).number();
        var reply =
                ByteBuffer.allocate(Protocol.STRUCTURED_REPLY_BYTES + Integer.BYTES + Short.BYTES + MAX_MESSAGE_BYTES);
        if (structured) {
            var text = String.valueOf(failure.getMessage()).getBytes(StandardCharsets.UTF_8);
            int length = Math.min(text.length, MAX_MESSAGE_BYTES);
            putChunk(reply, request, Protocol.REPLY_TYPE_ERROR, Integer.BYTES + Short.BYTES + length);
            reply.putInt(errno).putShort((short) length).put(text, 0, length);
        } else {
            putSimple(reply, request, errno);
        }
        send(reply.flip());
    }

    /** Puts the header of a structured reply's only chunk. */
    private static void putChunk(ByteBuffer reply, Request request, int type, int length) {
        reply.putInt(Protocol.STRUCTURED_REPLY_MAGIC)
                .putShort((short) Protocol.REPLY_FLAG_DONE)
                .putShort((short) type)
                .putLong(request.cookie())
                .putInt(length);
    }

    private static void putSimple(ByteBuffer reply, Request request, int errno) {
        reply.putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(errno).putLong(request.cookie());
    }

    private synchronized void send(ByteBuffer reply) throws IOException {
        wire.write(reply);
    }
}
