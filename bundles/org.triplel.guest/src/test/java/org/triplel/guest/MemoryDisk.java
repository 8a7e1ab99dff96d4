package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A disk that is only read, within its bounds, and counts how much. */
class MemoryDisk implements DiskReader {

    final byte[] content;
    long bytesRead;

    MemoryDisk(byte[] content) {
        this.content = content;
    }

    long size() {
        return content.length;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        assertTrue(offset >= 0 && offset <= size() - into.remaining(), "a read outside of the disk");
        bytesRead += into.remaining();
        fill(offset, into);
    }

    void fill(long offset, ByteBuffer into) throws IOException {
        into.put(content, (int) offset, into.remaining());
    }
}
