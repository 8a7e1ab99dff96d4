package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The client's side of the fixed newstyle handshake: structured replies, metadata contexts, then GO. */
final class ClientHandshake {

    private static final int MAX_REPLY_BYTES = 64 << 10;

    /**
     * What the server granted.
     *
     * @param size in bytes
     * @param flags the transmission flags
     * @param maxPayload the most bytes in one read or write
     * @param contexts the metadata contexts by name, with the ids that replies use for them
     */
    record Grant(long size, int flags, int maxPayload, Map<String, Integer> contexts) {

        boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    private record OptionReply(int type, ByteBuffer data) {}

    private final Wire wire;
    private final String export;

    ClientHandshake(Wire wire, String export) {
        this.wire = wire;
        this.export = export;
    }

    Grant run(List<String> wantedContexts) throws IOException {
        var greeting = wire.read(18);
        if (greeting.getLong() != Protocol.MAGIC || greeting.getLong() != Protocol.IHAVEOPT) {
            throw new IOException("the other side is no newstyle NBD server");
        }
        int offered = greeting.getShort();
        int required = Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES;
        if ((offered & required) != required) {
            throw new IOException("the NBD server does not speak the fixed newstyle handshake");
        }
        wire.write(ByteBuffer.allocate(4).putInt(required).flip());
        var contexts = structuredReplies() ? contexts(wantedContexts) : Map.<String, Integer>of();
        return go(contexts);
    }

    private boolean structuredReplies() throws IOException {
        send(Protocol.OPT_STRUCTURED_REPLY, ByteBuffer.allocate(0));
        return receive(Protocol.OPT_STRUCTURED_REPLY).type() == Protocol.REP_ACK;
    }

    private Map<String, Integer> contexts(List<String> wanted) throws IOException {
        var name = export.getBytes(StandardCharsets.UTF_8);
        var data = ByteBuffer.allocate(MAX_REPLY_BYTES)
                .putInt(name.length)
                .put(name)
                .putInt(wanted.size());
        for (var context : wanted) {
            var query = context.getBytes(StandardCharsets.UTF_8);
            data.putInt(query.length).put(query);
        }
        send(Protocol.OPT_SET_META_CONTEXT, data.flip());
        var granted = new HashMap<String, Integer>();
        while (true) {
            var reply = receive(Protocol.OPT_SET_META_CONTEXT);
            if (reply.type() != Protocol.REP_META_CONTEXT || reply.data().remaining() < 4) {
                return granted; // an error too: a server without contexts is still a server
            }
            int id = reply.data().getInt();
            granted.put(StandardCharsets.UTF_8.decode(reply.data()).toString(), id);
        }
    }

    private Grant go(Map<String, Integer> contexts) throws IOException {
        // Block sizes are not asked for: a server then takes any offset and length (proto.md, "Block size
        // constraints").
        var name = export.getBytes(StandardCharsets.UTF_8);
        send(
                Protocol.OPT_GO,
                ByteBuffer.allocate(4 + name.length + 2)
                        .putInt(name.length)
                        .put(name)
                        .putShort((short) 0)
                        .flip());
        long size = -1;
        int flags = 0;
        int maxPayload = Protocol.MAX_PAYLOAD_BYTES;
        while (true) {
            var reply = receive(Protocol.OPT_GO);
            var data = reply.data();
            if (reply.type() == Protocol.REP_ACK && size >= 0) {
                return new Grant(size, flags, maxPayload, contexts);
            }
            if (reply.type() != Protocol.REP_INFO || data.remaining() < 2) {
                throw new IOException("the NBD server refuses export '" + export + "': "
                        + (data.hasRemaining()
                                ? StandardCharsets.UTF_8.decode(data)
                                : "reply 0x" + Integer.toHexString(reply.type())));
            }
            int info = Short.toUnsignedInt(data.getShort());
            if (info == Protocol.INFO_EXPORT && data.remaining() == 10) {
                size = data.getLong();
                flags = Short.toUnsignedInt(data.getShort());
            } else if (info == Protocol.INFO_BLOCK_SIZE && data.remaining() == 12) {
                data.position(data.position() + 8);
                long most = Integer.toUnsignedLong(data.getInt());
                maxPayload = Math.clamp(most, 4096, Protocol.MAX_PAYLOAD_BYTES);
            }
        }
    }

    private void send(int option, ByteBuffer data) throws IOException {
        wire.write(ByteBuffer.allocate(16 + data.remaining())
                .putLong(Protocol.IHAVEOPT)
                .putInt(option)
                .putInt(data.remaining())
                .put(data)
                .flip());
    }

    private OptionReply receive(int option) throws IOException {
        var header = wire.read(20);
        if (header.getLong() != Protocol.OPTION_REPLY_MAGIC || header.getInt() != option) {
            throw new IOException("the NBD server answers another option than " + option);
        }
        int type = header.getInt();
        long length = Integer.toUnsignedLong(header.getInt());
        if (length > MAX_REPLY_BYTES) {
            throw new IOException("the NBD server answers option " + option + " with " + length + " bytes");
        }
        return new OptionReply(type, wire.read((int) length));
    }
}
