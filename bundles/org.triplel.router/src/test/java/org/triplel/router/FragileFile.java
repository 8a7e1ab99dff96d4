package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.ForwardingDevice;

/** A file of a host's disk that fails as disks do: what a failed flush should have made durable is gone.
 * Requests begin at pages. */
final class FragileFile extends ForwardingDevice {

    private static final int PAGE = 4096;

    private final BlockDevice file;
    private final Map<Long, byte[]> cached = new TreeMap<>();
    private boolean refusesWrites;
    private boolean failsFlushes;

    FragileFile(BlockDevice file) {
        super(file);
        this.file = file;
    }

    synchronized void refuseWrites() {
        refusesWrites = true;
    }

    synchronized void failFlushes() {
        failsFlushes = true;
    }

    @Override
    public synchronized void read(long offset, ByteBuffer into) throws IOException {
        int position = into.position();
        int length = into.remaining();
        file.read(offset, into);
        for (long page = offset / PAGE * PAGE; page < offset + length; page += PAGE) {
            var content = cached.get(page);
            if (content != null) {
                into.put(position + (int) (page - offset), content);
            }
        }
    }

    @Override
    public synchronized void write(long offset, ByteBuffer from) throws IOException {
        if (refusesWrites) {
            throw new BlockException(Errno.EIO, "the disk fails");
        }
        for (long page = offset; from.hasRemaining(); page += PAGE) {
            var content = new byte[PAGE];
            read(page, ByteBuffer.wrap(content));
            from.get(content, 0, Math.min(PAGE, from.remaining()));
            cached.put(page, content);
        }
    }

    @Override
    public synchronized void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        for (long page = offset; page < offset + length; page += PAGE) {
            write(page, ByteBuffer.allocate(PAGE));
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        if (failsFlushes) {
            cached.clear();
            throw new BlockException(Errno.EIO, "the disk has lost what it should have kept");
        }
        for (var page : cached.entrySet()) {
            file.write(page.getKey(), ByteBuffer.wrap(page.getValue()));
        }
        cached.clear();
        file.flush();
    }
}
