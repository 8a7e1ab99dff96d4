package org.triplel.block.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/**
 * The Linux system calls on files for which {@link java.nio.channels.FileChannel} has no equal: sparse ranges, reads that
 * do not wait, and errors with their errno. Unlike a FileChannel, a descriptor is not closed by the interrupt of a thread
 * that uses it.
 *
 * <p>Each call returns what the system call returns, or the negated errno; EINTR is repeated. Memory is given by address
 * and length in bytes; the caller keeps it alive. Numbers are those of x86-64 and AArch64 (man 2 open, fallocate, lseek,
 * preadv2).
 */
public final class FileCalls {

    public static final int O_RDONLY = 0;
    public static final int O_RDWR = 2;
    public static final int O_CLOEXEC = 0x80000;

    public static final int FALLOC_FL_KEEP_SIZE = 0x1;
    public static final int FALLOC_FL_PUNCH_HOLE = 0x2;
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;

    public static final int SEEK_END = 2;
    public static final int SEEK_DATA = 3;
    public static final int SEEK_HOLE = 4;

    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int RWF_NOWAIT = 8;

    private static final MethodHandle OPEN = NativeCall.link(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = NativeCall.link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FCNTL = NativeCall.link(
            "fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle PREAD =
            NativeCall.link("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle PREADV2 = NativeCall.link(
            "preadv2", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle PWRITE =
            NativeCall.link("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FDATASYNC =
            NativeCall.link("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FALLOCATE =
            NativeCall.link("fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle LSEEK =
            NativeCall.link("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

    private FileCalls() {}

    public static int open(String path, int flags) {
        var state = NativeCall.state();
        try (var arena = Arena.ofConfined()) {
            var name = arena.allocateFrom(path);
            long result;
            do {
                result = NativeCall.result((int) OPEN.invokeExact(state, name, flags, 0), state);
            } while (result == -Errno.EINTR);
            return (int) result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Not repeated after EINTR: Linux has released the descriptor by then, and another thread may own its number. */
    public static int close(int fd) {
        var state = NativeCall.state();
        try {
            return (int) NativeCall.result((int) CLOSE.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** A further descriptor of the same open file. */
    public static int duplicate(int fd) {
        var state = NativeCall.state();
        try {
            return (int) NativeCall.result((int) FCNTL.invokeExact(state, fd, F_DUPFD_CLOEXEC, 0), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public static long pread(int fd, long address, long length, long offset) {
        var state = NativeCall.state();
        try {
            long result;
            do {
                result = NativeCall.result((long) PREAD.invokeExact(state, fd, address, length, offset), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Reads what is in the page cache: less than asked for, or -EAGAIN, if a disk would have to be waited for. */
    public static long preadNow(int fd, long address, long length, long offset) {
        var state = NativeCall.state();
        var iovec = state.asSlice(NativeCall.SCRATCH, 2 * JAVA_LONG.byteSize());
        iovec.set(JAVA_LONG, 0, address);
        iovec.set(JAVA_LONG, JAVA_LONG.byteSize(), length);
        try {
            long result;
            do {
                result = NativeCall.result((long) PREADV2.invokeExact(state, fd, iovec, 1, offset, RWF_NOWAIT), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public static long pwrite(int fd, long address, long length, long offset) {
        var state = NativeCall.state();
        try {
            long result;
            do {
                result = NativeCall.result((long) PWRITE.invokeExact(state, fd, address, length, offset), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public static long fdatasync(int fd) {
        var state = NativeCall.state();
        try {
            long result;
            do {
                result = NativeCall.result((int) FDATASYNC.invokeExact(state, fd), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public static long fallocate(int fd, int mode, long offset, long length) {
        var state = NativeCall.state();
        try {
            long result;
            do {
                result = NativeCall.result((int) FALLOCATE.invokeExact(state, fd, mode, offset, length), state);
            } while (result == -Errno.EINTR);
            return result;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public static long lseek(int fd, long offset, int whence) {
        var state = NativeCall.state();
        try {
            return NativeCall.result((long) LSEEK.invokeExact(state, fd, offset, whence), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
