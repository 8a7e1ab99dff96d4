import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;

/**
 * An NBD client that costs as little as possible: it sends all requests that are due in one call, takes all replies that
 * are there in one, and looks at nothing but their headers.
 */
final class LightClient implements AutoCloseable {

    private static final int REQUEST = 0x25609513;
    private static final int SIMPLE_REPLY = 0x67446698;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int DISCONNECT = 2;
    private static final int FLUSH = 3;

    /** What is behind them, on a larger disk, is left alone. */
    private static final long MOST_BYTES = 1L << 30;

    private final SocketChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(4 << 20).flip();
    private final long size;

    LightClient(Path socket, String export) throws IOException {
        var name = export.getBytes(StandardCharsets.UTF_8);
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        await(18);
        in.position(in.position() + 18);
        send(ByteBuffer.allocate(4).putInt(3).flip());
        send(ByteBuffer.allocate(22 + name.length).putLong(0x49484156454F5054L).putInt(7).putInt(6 + name.length).putInt(name.length).put(name).putShort((short) 0).flip());
        long exported = -1;
        while (true) {
            await(20);
            int type = in.getInt(in.position() + 12);
            int length = in.getInt(in.position() + 16);
            await(20 + length);
            if (type < 0) {
                throw new IOException("the server refuses: 0x" + Integer.toHexString(type));
            }
            if (type == 3 && in.getShort(in.position() + 20) == 0) {
                exported = in.getLong(in.position() + 22);
            }
            in.position(in.position() + 20 + length);
            if (type == 1) {
                break;
            }
        }
        size = exported;
    }

    /** Works for so long; returns how many requests were answered (a write with its flush is one). */
    long run(Workload work, double seconds) throws IOException {
        boolean read = work.kind() == Workload.Kind.READ;
        boolean flushes = work.kind() == Workload.Kind.WRITE_AND_FLUSH;
        var out = ByteBuffer.allocateDirect((28 + (read ? 0 : work.blockBytes())) * work.depth());
        var random = new Random(size ^ System.nanoTime());
        long blocks = Math.min(size, MOST_BYTES) / work.blockBytes();
        long next = 0;
        long done = 0;
        int underWay = 0;
        boolean flushDue = false;
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (true) {
            boolean over = System.nanoTime() >= end;
            out.clear();
            while (!over && underWay < work.depth()) {
                if (flushDue) {
                    out.putInt(REQUEST).putShort((short) 0).putShort((short) FLUSH).putLong(0).putLong(0).putInt(0);
                } else {
                    long block = work.random() ? random.nextLong(blocks) : next++ % blocks;
                    out.putInt(REQUEST).putShort((short) 0).putShort((short) (read ? READ : WRITE)).putLong(0);
                    out.putLong(block * work.blockBytes()).putInt(work.blockBytes());
                    out.position(out.position() + (read ? 0 : work.blockBytes()));
                }
                underWay++;
            }
            send(out.flip());
            if (underWay == 0) {
                return done;
            }
            do {
                await(16);
                if (in.getInt(in.position()) != SIMPLE_REPLY || in.getInt(in.position() + 4) != 0) {
                    throw new IOException("the server answers with error " + in.getInt(in.position() + 4));
                }
                in.position(in.position() + 16);
                skip(read ? work.blockBytes() : 0);
                underWay--;
                if (flushes) {
                    done += flushDue ? 1 : 0;
                    flushDue = !flushDue;
                } else {
                    done++;
                }
            } while (in.remaining() >= 16 && underWay > 0);
        }
    }

    private void await(int bytes) throws IOException {
        while (in.remaining() < bytes) {
            in.compact();
            int got = channel.read(in);
            in.flip();
            if (got < 0) {
                throw new EOFException("the server hangs up");
            }
        }
    }

    private void skip(int bytes) throws IOException {
        for (int rest = bytes; rest > 0; ) {
            int part = Math.min(rest, in.remaining());
            in.position(in.position() + part);
            rest -= part;
            if (rest > 0) {
                await(1);
            }
        }
    }

    private void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            var leave = ByteBuffer.allocate(28).putInt(REQUEST).putShort((short) 0).putShort((short) DISCONNECT);
            send(leave.position(28).flip());
        }
    }
}
