package org.triplel.block;

import java.lang.foreign.MemorySegment;

/**
 * What becomes of a read that was started. Either {@link #data} or {@link #failed} is called, once, by any thread; later
 * {@link #settle}. None of them may wait for anything.
 */
public interface ReadCompletion {

    /** The content lies in native memory from {@code at} on, during this call only. */
    void data(MemorySegment memory, long at);

    /** It did not succeed. A {@linkplain BlockDevice#read patient read} tells why, or succeeds. */
    void failed();

    /** No further completions follow at once: whatever was collected should go out. */
    void settle();
}
