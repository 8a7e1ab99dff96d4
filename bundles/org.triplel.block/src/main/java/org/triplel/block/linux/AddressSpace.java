package org.triplel.block.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** Pieces of this process's address space (man 2 mmap). Calls return what the system returns, or the negated errno. */
final class AddressSpace {

    private static final MethodHandle MMAP = NativeCall.link(
            "mmap", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP =
            NativeCall.link("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

    private AddressSpace() {}

    /** The address of a new piece. */
    static long map(long bytes, int protection, int flags, int fd) {
        var state = NativeCall.state();
        try {
            return NativeCall.result((long) MMAP.invokeExact(state, 0L, bytes, protection, flags, fd, 0L), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    static void unmap(long address, long bytes) {
        var state = NativeCall.state();
        long result;
        try {
            result = NativeCall.result((int) MUNMAP.invokeExact(state, address, bytes), state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        if (result < 0) {
            throw new IllegalStateException("munmap: " + Errno.describe((int) -result));
        }
    }
}
