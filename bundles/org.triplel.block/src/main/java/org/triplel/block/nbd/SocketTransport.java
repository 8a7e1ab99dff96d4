package org.triplel.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import org.triplel.block.SocketFile;
import org.triplel.block.linux.Errno;
import org.triplel.block.linux.SocketCalls;

/**
 * A connected unix socket. To close it ends both directions at once; its descriptor is given back by {@link #release},
 * when no thread can be using it any more.
 */
final class SocketTransport implements Transport {

    /** Several large replies at once; the system gives what its administrator allows. */
    private static final int SEND_BUFFER_BYTES = 4 << 20;

    /** For the handshake, whose messages are small heap buffers. */
    private static final int COPY_BYTES = 4096;

    private final int fd;
    private final MemorySegment copyIn = Arena.ofAuto().allocate(COPY_BYTES);
    private final MemorySegment copyOut = Arena.ofAuto().allocate(COPY_BYTES);
    private volatile boolean open = true;
    private boolean released;

    /** @param fd of a connected socket, this object's own from now on */
    SocketTransport(int fd) {
        this.fd = fd;
        SocketCalls.sendBuffer(fd, SEND_BUFFER_BYTES);
    }

    /** Connects to the server that listens at {@code path}. */
    static SocketTransport connect(Path path) throws IOException {
        var address = SocketFile.checkLength(path);
        int fd = SocketCalls.socket();
        int result = fd < 0 ? fd : SocketCalls.connect(fd, address.toString());
        if (result < 0) {
            if (fd >= 0) {
                SocketCalls.close(fd);
            }
            throw new ConnectException("Cannot connect to " + address + ": " + Errno.describe(-result));
        }
        return new SocketTransport(fd);
    }

    @Override
    public int receive(MemorySegment memory, long at, long length) throws IOException {
        long result = SocketCalls.recv(fd, memory.address() + at, length, 0);
        if (result > 0) {
            return (int) result;
        }
        if (!open) {
            throw new ClosedChannelException();
        }
        if (result == 0 || result == -Errno.ECONNRESET) {
            return -1;
        }
        throw failure(result);
    }

    @Override
    public void send(MemorySegment memory, long at, long length) throws IOException {
        for (long done = 0; done < length; ) {
            long result = SocketCalls.send(fd, memory.address() + at + done, length - done, 0);
            if (result < 0) {
                throw open ? failure(result) : new ClosedChannelException();
            }
            done += result;
        }
    }

    @Override
    public int sendFile(int file, long offset, int length) throws IOException {
        for (int done = 0; done < length; ) {
            long result = SocketCalls.sendFile(fd, file, offset + done, length - done);
            if (!open) {
                throw new ClosedChannelException();
            }
            if (result == -Errno.EPIPE || result == -Errno.ECONNRESET) {
                throw failure(result);
            }
            if (result <= 0) {
                return done;
            }
            done += (int) result;
        }
        return length;
    }

    @Override
    public long sendNow(MemorySegment memory, long at, long length) throws IOException {
        long result = SocketCalls.send(fd, memory.address() + at, length, SocketCalls.MSG_DONTWAIT);
        if (result == -Errno.EAGAIN) {
            return 0;
        }
        if (result < 0) {
            throw open ? failure(result) : new ClosedChannelException();
        }
        return result;
    }

    private static IOException failure(long result) {
        int errno = (int) -result;
        return errno == Errno.EPIPE || errno == Errno.ECONNRESET
                ? new EOFException("the other side has hung up")
                : new SocketException(Errno.describe(errno));
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int length = receive(copyIn, 0, Math.min(COPY_BYTES, into.remaining()));
        if (length > 0) {
            into.put(copyIn.asSlice(0, length).asByteBuffer());
        }
        return length;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        int length = Math.min(COPY_BYTES, from.remaining());
        copyOut.asSlice(0, length).copyFrom(MemorySegment.ofBuffer(from.slice(from.position(), length)));
        send(copyOut, 0, length);
        Reference.reachabilityFence(copyOut);
        from.position(from.position() + length);
        return length;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public synchronized boolean isHungUp() {
        return SocketCalls.isHungUp(fd);
    }

    @Override
    public synchronized void close() {
        open = false;
        if (!released) {
            SocketCalls.shutdown(fd);
        }
    }

    /** Gives the descriptor back; from then on its number may mean another file. */
    synchronized void release() {
        close();
        if (!released) {
            released = true;
            SocketCalls.close(fd);
        }
    }
}
