package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.triplel.block.BlockDevice;

/**
 * The server's side of the fixed newstyle handshake (proto.md, "Option types"): answers options until the client enters
 * the transmission phase or leaves. Keeps no thread or channel beyond that.
 */
final class ServerHandshake {

    private static final System.Logger LOG = System.getLogger(ServerHandshake.class.getName());

    /** Longer than any option that a client has reason to send. */
    private static final int MAX_OPTION_BYTES = 64 << 10;

    private static final int PREFERRED_BLOCK_BYTES = 4096;

    private final Transport transport;
    private final Wire wire;
    private final Exports exports;
    private final Seats seats;
    private boolean noZeroes;
    private boolean structured;
    private Chosen chosen = new Chosen("", Set.of());

    /** Contexts hold only for the export that they were chosen for. */
    private record Chosen(String export, Set<MetaContext> contexts) {}

    ServerHandshake(Transport transport, Exports exports, Seats seats) {
        this.transport = transport;
        this.wire = new Wire(transport);
        this.exports = exports;
        this.seats = seats;
    }

    /** What was agreed upon, or nothing if the client left in order. */
    Optional<Session> run() throws IOException {
        wire.write(ByteBuffer.allocate(18)
                .putLong(Protocol.MAGIC)
                .putLong(Protocol.IHAVEOPT)
                .putShort((short) (Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES))
                .flip());
        int clientFlags = wire.read(4).getInt();
        if ((clientFlags & ~(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES)) != 0) {
            throw new IOException("unknown client flags 0x" + Integer.toHexString(clientFlags));
        }
        noZeroes = (clientFlags & Protocol.FLAG_NO_ZEROES) != 0;
        while (true) {
            var header = wire.read(16);
            if (header.getLong() != Protocol.IHAVEOPT) {
                throw new IOException("not an NBD option");
            }
            int option = header.getInt();
            long length = Integer.toUnsignedLong(header.getInt());
            if (option == Protocol.OPT_ABORT) {
                acknowledgeAbort();
                return Optional.empty();
            }
            if (length > MAX_OPTION_BYTES) {
                wire.skip(length);
                refuse(option, Protocol.REP_ERR_TOO_BIG, "an option of " + length + " bytes");
                continue;
            }
            var session = answer(option, wire.read((int) length));
            if (session.isPresent()) {
                return session;
            }
        }
    }

    private Optional<Session> answer(int option, ByteBuffer data) throws IOException {
        try {
            switch (option) {
                case Protocol.OPT_EXPORT_NAME -> {
                    return Optional.of(enterByName(data));
                }
                case Protocol.OPT_GO -> {
                    return info(option, data);
                }
                case Protocol.OPT_INFO -> info(option, data);
                case Protocol.OPT_LIST -> list(data);
                case Protocol.OPT_STRUCTURED_REPLY -> {
                    end(data);
                    structured = true;
                    reply(option, Protocol.REP_ACK);
                }
                case Protocol.OPT_LIST_META_CONTEXT, Protocol.OPT_SET_META_CONTEXT -> contexts(option, data);
                default -> refuse(option, Protocol.REP_ERR_UNSUP, "option " + option + " is not supported");
            }
        } catch (MalformedOption e) {
            refuse(option, Protocol.REP_ERR_INVALID, e.getMessage());
        }
        return Optional.empty();
    }

    /** The oldest way in, which knows no errors: an unknown name ends the connection. */
    private Session enterByName(ByteBuffer data) throws IOException {
        var name = string(data, data.remaining());
        var device = exports.find(name).orElseThrow(() -> new IOException("no export " + name));
        if (!seats.take(device, transport)) {
            throw new IOException(inUse(name));
        }
        var session = session(name, device);
        wire.write(ByteBuffer.allocate(noZeroes ? 10 : 134)
                .putLong(device.size())
                .putShort((short) session.transmissionFlags())
                .rewind());
        return session;
    }

    private Optional<Session> info(int option, ByteBuffer data) throws IOException {
        var name = string(data);
        need(data, 2);
        need(data, 2 * Short.toUnsignedInt(data.getShort()));
        while (data.hasRemaining()) {
            need(data, 2);
            data.getShort(); // what the client wants to know: it is told everything there is
        }
        var found = find(option, name);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        if (option == Protocol.OPT_GO && !seats.take(found.get(), transport)) {
            LOG.log(Level.WARNING, inUse(name));
            refuse(option, Protocol.REP_ERR_POLICY, inUse(name));
            return Optional.empty();
        }
        var session = session(name, found.get());
        reply(
                option,
                Protocol.REP_INFO,
                ByteBuffer.allocate(12)
                        .putShort((short) Protocol.INFO_EXPORT)
                        .putLong(session.device().size())
                        .putShort((short) session.transmissionFlags()));
        reply(
                option,
                Protocol.REP_INFO,
                ByteBuffer.allocate(14)
                        .putShort((short) Protocol.INFO_BLOCK_SIZE)
                        .putInt(1)
                        .putInt(PREFERRED_BLOCK_BYTES)
                        .putInt(Protocol.MAX_PAYLOAD_BYTES));
        reply(option, Protocol.REP_ACK);
        return Optional.of(session);
    }

    private void acknowledgeAbort() {
        try {
            reply(Protocol.OPT_ABORT, Protocol.REP_ACK);
        } catch (IOException gone) {
            // most clients do not wait for it
        }
    }

    private void list(ByteBuffer data) throws IOException {
        end(data);
        List<String> names;
        try {
            names = exports.names();
        } catch (IOException e) {
            refuse(Protocol.OPT_LIST, Protocol.REP_ERR_PLATFORM, String.valueOf(e.getMessage()));
            return;
        }
        for (var name : names) {
            var bytes = name.getBytes(StandardCharsets.UTF_8);
            reply(
                    Protocol.OPT_LIST,
                    Protocol.REP_SERVER,
                    ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes));
        }
        reply(Protocol.OPT_LIST, Protocol.REP_ACK);
    }

    private void contexts(int option, ByteBuffer data) throws IOException {
        boolean set = option == Protocol.OPT_SET_META_CONTEXT;
        if (set) {
            chosen = new Chosen("", Set.of());
        }
        var name = string(data);
        need(data, 4);
        long count = Integer.toUnsignedLong(data.getInt());
        var queries = new ArrayList<String>();
        for (long i = 0; i < count; i++) {
            queries.add(string(data));
        }
        end(data);
        if (!structured) {
            throw new MalformedOption("metadata contexts need structured replies first");
        }
        var device = find(option, name);
        if (device.isEmpty()) {
            return;
        }
        var wanted = EnumSet.noneOf(MetaContext.class);
        for (var context : MetaContext.values()) {
            boolean asked =
                    !set && queries.isEmpty() || queries.stream().anyMatch(query -> context.matches(query, !set));
            if (asked && context.offeredBy(device.get())) {
                wanted.add(context);
                var fullName = context.fullName().getBytes(StandardCharsets.UTF_8);
                reply(
                        option,
                        Protocol.REP_META_CONTEXT,
                        ByteBuffer.allocate(4 + fullName.length)
                                .putInt(set ? context.id() : 0)
                                .put(fullName));
            }
        }
        if (set) {
            chosen = new Chosen(name, wanted);
        }
        reply(option, Protocol.REP_ACK);
    }

    private static String inUse(String name) {
        return "export '" + name + "' is in use: it has one client at a time";
    }

    private Session session(String name, BlockDevice device) {
        return new Session(
                name,
                device,
                seats.access(device),
                structured,
                structured && name.equals(chosen.export) ? chosen.contexts : Set.of());
    }

    private Optional<BlockDevice> find(int option, String name) throws IOException {
        try {
            var device = exports.find(name);
            if (device.isEmpty()) {
                refuse(option, Protocol.REP_ERR_UNKNOWN, "no export '" + name + "'");
            }
            return device;
        } catch (IOException e) {
            refuse(option, Protocol.REP_ERR_PLATFORM, "export '" + name + "': " + e.getMessage());
            return Optional.empty();
        }
    }

    private void reply(int option, int type) throws IOException {
        reply(option, type, ByteBuffer.allocate(0));
    }

    private void reply(int option, int type, ByteBuffer data) throws IOException {
        data.flip();
        wire.write(ByteBuffer.allocate(20 + data.remaining())
                .putLong(Protocol.OPTION_REPLY_MAGIC)
                .putInt(option)
                .putInt(type)
                .putInt(data.remaining())
                .put(data)
                .flip());
    }

    private void refuse(int option, int error, String why) throws IOException {
        var text = why.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, Protocol.MAX_STRING_BYTES);
        reply(option, error, ByteBuffer.allocate(length).put(text, 0, length));
    }

    private static String string(ByteBuffer data) throws MalformedOption {
        need(data, 4);
        return string(data, data.getInt());
    }

    private static String string(ByteBuffer data, int length) throws MalformedOption {
        if (length < 0 || length > Protocol.MAX_STRING_BYTES) {
            throw new MalformedOption("a name of " + Integer.toUnsignedString(length) + " bytes");
        }
        need(data, length);
        var bytes = data.slice(data.position(), length);
        data.position(data.position() + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedOption("a name that is not UTF-8");
        }
    }

    private static void need(ByteBuffer data, int bytes) throws MalformedOption {
        if (data.remaining() < bytes) {
            throw new MalformedOption("the option ends too early");
        }
    }

    private static void end(ByteBuffer data) throws MalformedOption {
        if (data.hasRemaining()) {
            throw new MalformedOption("the option has " + data.remaining() + " bytes too many");
        }
    }

    /** The option's data are not what its type asks for; the handshake goes on. */
    private static final class MalformedOption extends IOException {

        private static final long serialVersionUID = 1L;

        MalformedOption(String message) {
            super(message);
        }
    }
}
