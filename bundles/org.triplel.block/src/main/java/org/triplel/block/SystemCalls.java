package org.triplel.block;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The Linux system calls on files for which {@link java.nio.channels.FileChannel} has no equal: sparse ranges, and
 * errors with their errno. Unlike a FileChannel, a descriptor is not closed by the interrupt of a thread that uses it.
 *
 * <p>Each call returns what the system call returns, or the negated errno (the kernel's own convention); EINTR is
 * repeated. Numbers are those of Linux on x86-64 and AArch64 (man 2 open, fallocate, lseek).
 */
final class SystemCalls {

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CLOEXEC = 0x80000;

    static final int FALLOC_FL_KEEP_SIZE = 0x1;
    static final int FALLOC_FL_PUNCH_HOLE = 0x2;
    static final int FALLOC_FL_ZERO_RANGE = 0x10;

    static final int SEEK_END = 2;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EINVAL = 22;
    static final int EFBIG = 27;
    static final int ENOSPC = 28;
    static final int EROFS = 30;
    static final int EOPNOTSUPP = 95;
    static final int EDQUOT = 122;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private static final MethodHandle OPEN = call(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle PREAD =
            call("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle PWRITE =
            call("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FDATASYNC = call("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FALLOCATE =
            call("fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle LSEEK =
            call("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle STRERROR = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));

    private SystemCalls() {}

    static int open(String path, int flags) {
        try (var arena = Arena.ofConfined()) {
            var name = arena.allocateFrom(path);
            return (int) repeat(state -> (int) OPEN.invokeExact(state, name, flags, 0));
        }
    }

    static int close(int fd) {
        // Not repeated after EINTR: Linux has released the descriptor by then, and another thread may own its number.
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(STATE);
            int result = (int) CLOSE.invokeExact(state, fd);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    static long pread(int fd, MemorySegment into, long offset) {
        long length = into.byteSize();
        return repeat(state -> (long) PREAD.invokeExact(state, fd, into, length, offset));
    }

    static long pwrite(int fd, MemorySegment from, long offset) {
        long length = from.byteSize();
        return repeat(state -> (long) PWRITE.invokeExact(state, fd, from, length, offset));
    }

    static long fdatasync(int fd) {
        return repeat(state -> (int) FDATASYNC.invokeExact(state, fd));
    }

    static long fallocate(int fd, int mode, long offset, long length) {
        return repeat(state -> (int) FALLOCATE.invokeExact(state, fd, mode, offset, length));
    }

    static long lseek(int fd, long offset, int whence) {
        return repeat(state -> (long) LSEEK.invokeExact(state, fd, offset, whence));
    }

    /** What people call this errno, such as "No space left on device". */
    static String describe(int errno) {
        try {
            var text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static MethodHandle call(String name, FunctionDescriptor type, Linker.Option... options) {
        var all = new Linker.Option[options.length + 1];
        all[0] = CAPTURE;
        System.arraycopy(options, 0, all, 1, options.length);
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, all);
    }

    @FunctionalInterface
    private interface Call {
        long invoke(MemorySegment state) throws Throwable;
    }

    private static long repeat(Call call) {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(STATE);
            while (true) {
                long result = call.invoke(state);
                if (result >= 0) {
                    return result;
                }
                if (errno(state) != EINTR) {
                    return -errno(state);
                }
            }
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }
}
