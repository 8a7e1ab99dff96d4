package org.triplel.block.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * What all system calls have in common: how a function of the C library is linked, and where the calling thread's errno
 * comes to lie. A call returns what the function returns, or the negated errno (the kernel's own convention).
 */
final class NativeCall {

    /** Room behind errno for the small structures that a call passes by address. */
    static final long SCRATCH = 16;

    private static final long STATE_BYTES = 128;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final VarHandle ERRNO =
            Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    /** One for each thread, so that no call needs to allocate. */
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE_BYTES, ValueLayout.JAVA_LONG.byteAlignment()));

    private NativeCall() {}

    /** A handle whose first parameter is the {@link #state()} of the calling thread. */
    static MethodHandle link(String name, FunctionDescriptor type, Linker.Option... options) {
        var all = new Linker.Option[options.length + 1];
        all[0] = CAPTURE;
        System.arraycopy(options, 0, all, 1, options.length);
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, all);
    }

    /** A handle of a function that does not set errno. */
    static MethodHandle linkPure(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
    }

    static MemorySegment state() {
        return STATE.get();
    }

    static long result(long returned, MemorySegment state) {
        return returned >= 0 ? returned : -(int) ERRNO.get(state, 0L);
    }
}
