package org.triplel.block.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/**
 * The Linux system calls on stream sockets of the unix domain (man 7 unix). A {@link java.nio.channels.SocketChannel}
 * copies through buffers of its own, and is closed by the interrupt of a thread that uses it.
 *
 * <p>Each call returns what the system call returns, or the negated errno; EINTR is repeated. Memory is given by address
 * and length in bytes; the caller keeps it alive.
 */
public final class SocketCalls {

    public static final int MSG_DONTWAIT = 0x40;

    private static final int MSG_NOSIGNAL = 0x4000;
    private static final short AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;
    private static final int SHUT_RDWR = 2;
    private static final int BACKLOG = 128;
    private static final int ADDRESS_BYTES = 110;
    private static final int PATH_AT = 2;
    private static final short POLLHUP = 0x10;
    private static final int POLLFD_BYTES = 8;
    private static final int REVENTS_AT = 6;

    private static final MethodHandle SOCKET =
            NativeCall.link("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND =
            NativeCall.link("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle LISTEN =
            NativeCall.link("listen", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle CONNECT =
            NativeCall.link("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle ACCEPT4 =
            NativeCall.link("accept4", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SETSOCKOPT = NativeCall.link(
            "setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle RECV =
            NativeCall.link("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SEND =
            NativeCall.link("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SENDFILE =
            NativeCall.link("sendfile", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle POLL =
            NativeCall.link("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SHUTDOWN =
            NativeCall.link("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

    private SocketCalls() {}

    /** A new socket. */
    public static int socket() {
        var state = NativeCall.state();
        try {
            return (int)
                    NativeCall.result((int) SOCKET.invokeExact(state, (int) AF_UNIX, SOCK_STREAM_CLOEXEC, 0), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** @param path at most 107 bytes in UTF-8 */
    public static int bind(int fd, String path) {
        var state = NativeCall.state();
        try (var arena = Arena.ofConfined()) {
            return (int)
                    NativeCall.result((int) BIND.invokeExact(state, fd, address(arena, path), ADDRESS_BYTES), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public static int listen(int fd) {
        var state = NativeCall.state();
        try {
            return (int) NativeCall.result((int) LISTEN.invokeExact(state, fd, BACKLOG), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** @param path at most 107 bytes in UTF-8 */
    public static int connect(int fd, String path) {
        var state = NativeCall.state();
        try (var arena = Arena.ofConfined()) {
            return (int)
                    NativeCall.result((int) CONNECT.invokeExact(state, fd, address(arena, path), ADDRESS_BYTES), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static MemorySegment address(Arena arena, String path) {
        var bytes = path.getBytes(StandardCharsets.UTF_8);
        var address = arena.allocate(ADDRESS_BYTES, JAVA_SHORT.byteAlignment());
        address.set(JAVA_SHORT, 0, AF_UNIX);
        MemorySegment.copy(bytes, 0, address, JAVA_BYTE, PATH_AT, bytes.length);
        return address;
    }

    /** Waits for a client; -EINVAL after {@link #shutdown}. */
    public static int accept(int fd) {
        var state = NativeCall.state();
        try {
            long result;
            do {
                result = NativeCall.result(
                        (int) ACCEPT4.invokeExact(state, fd, 0L, 0L, SOCK_STREAM_CLOEXEC & ~1), state);
            } while (result == -Errno.EINTR);
            return (int) result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Asks for room for so many bytes under way; the system may give less. */
    public static int sendBuffer(int fd, int bytes) {
        var state = NativeCall.state();
        var value = state.asSlice(NativeCall.SCRATCH, JAVA_INT.byteSize());
        value.set(JAVA_INT, 0, bytes);
        try {
            return (int) NativeCall.result(
                    (int) SETSOCKOPT.invokeExact(state, fd, SOL_SOCKET, SO_SNDBUF, value, Integer.BYTES), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Receives what has arrived, at least one byte; 0 means that the other side has hung up. */
    public static long recv(int fd, long address, long length, int flags) {
        var state = NativeCall.state();
        try {
            long result;
            do {
                result = NativeCall.result((long) RECV.invokeExact(state, fd, address, length, flags), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Sends at least one byte; -EPIPE if the other side has hung up. */
    public static long send(int fd, long address, long length, int flags) {
        var state = NativeCall.state();
        try {
            long result;
            do {
                result = NativeCall.result(
                        (long) SEND.invokeExact(state, fd, address, length, flags | MSG_NOSIGNAL), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Sends pages of a file as they are: they are looked at when the other side takes them. Returns how many bytes were sent;
     * 0 means that the file ends at {@code offset}.
     */
    public static long sendFile(int fd, int file, long offset, long length) {
        var state = NativeCall.state();
        var from = state.asSlice(NativeCall.SCRATCH, JAVA_LONG.byteSize());
        try {
            long result;
            do {
                from.set(JAVA_LONG, 0, offset);
                result = NativeCall.result((long) SENDFILE.invokeExact(state, fd, file, from, length), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Whether either side has ended both directions, as by closing its socket; does not wait. */
    public static boolean isHungUp(int fd) {
        var state = NativeCall.state();
        var polled = state.asSlice(NativeCall.SCRATCH, POLLFD_BYTES).fill((byte) 0); // POLLHUP is always reported
        polled.set(JAVA_INT, 0, fd);
        try {
            NativeCall.result((int) POLL.invokeExact(state, polled, 1L, 0), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return (polled.get(JAVA_SHORT, REVENTS_AT) & POLLHUP) != 0;
    }

    /** Ends both directions: whoever waits on the socket returns. */
    public static int shutdown(int fd) {
        var state = NativeCall.state();
        try {
            return (int) NativeCall.result((int) SHUTDOWN.invokeExact(state, fd, SHUT_RDWR), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** See {@link FileCalls#close}. */
    public static int close(int fd) {
        return FileCalls.close(fd);
    }
}
