package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.triplel.block.UnixSocket;

/** A client that sends whatever bytes a test wants, right or wrong. */
final class RawClient implements AutoCloseable {

    record Reply(int type, ByteBuffer data) {}

    private final SocketChannel channel;
    private final Wire wire;

    /** Connects and reads the greeting; nothing is sent yet. */
    RawClient(Path socket) throws IOException {
        channel = UnixSocket.connect(socket);
        wire = new Wire(channel);
        wire.read(18);
    }

    RawClient flags(int flags) throws IOException {
        return send(ByteBuffer.allocate(4).putInt(flags));
    }

    RawClient option(int option, byte... data) throws IOException {
        return optionHeader(option, data.length)
                .send(ByteBuffer.allocate(data.length).put(data));
    }

    RawClient optionHeader(int option, int length) throws IOException {
        return send(ByteBuffer.allocate(16)
                .putLong(Protocol.IHAVEOPT)
                .putInt(option)
                .putInt(length));
    }

    Reply optionReply() throws IOException {
        var header = wire.read(20);
        header.getLong();
        header.getInt();
        return new Reply(header.getInt(), wire.read(header.getInt()));
    }

    /** Enters the transmission phase with simple replies. */
    RawClient enter(String export) throws IOException {
        flags(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES);
        option(Protocol.OPT_EXPORT_NAME, export.getBytes(StandardCharsets.UTF_8));
        wire.read(10);
        return this;
    }

    RawClient request(int flags, int command, long offset, int length) throws IOException {
        return send(ByteBuffer.allocate(28)
                .putInt(Protocol.REQUEST_MAGIC)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(0x1234567890abcdefL)
                .putLong(offset)
                .putInt(length));
    }

    RawClient send(ByteBuffer bytes) throws IOException {
        wire.write(bytes.flip());
        return this;
    }

    RawClient payload(long length) throws IOException {
        for (long rest = length; rest > 0; rest -= 1 << 20) {
            wire.write(ByteBuffer.allocate((int) Math.min(rest, 1 << 20)));
        }
        return this;
    }

    /** The errno of the next reply. */
    int error() throws IOException {
        var reply = wire.read(16);
        if (reply.getInt() != Protocol.SIMPLE_REPLY_MAGIC) {
            throw new IOException("no simple reply");
        }
        int error = reply.getInt();
        if (reply.getLong() != 0x1234567890abcdefL) {
            throw new IOException("another cookie");
        }
        return error;
    }

    ByteBuffer data(int length) throws IOException {
        return wire.read(length);
    }

    /** Whether the server has hung up: waits for it. */
    boolean isHungUp() throws IOException {
        try {
            return channel.read(ByteBuffer.allocate(1)) < 0;
        } catch (IOException reset) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
