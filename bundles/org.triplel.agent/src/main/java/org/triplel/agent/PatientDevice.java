package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;

/**
 * A read-only image on a server that may go away and come back: requests wait for it, as on a hard NFS mount, until they
 * are done or the device is closed. If it comes back with another size they fail, until it has its own again.
 */
final class PatientDevice implements BlockDevice {

    private static final System.Logger LOG = System.getLogger(PatientDevice.class.getName());
    private static final long FIRST_DELAY_MILLIS = 50;
    private static final long LONGEST_DELAY_MILLIS = 2_000;

    /** Connects to the image anew. */
    interface Opener {
        BlockDevice open() throws IOException;
    }

    private interface Operation<T> {
        T on(BlockDevice device) throws IOException;
    }

    private final String name;
    private final Opener opener;
    private final long size;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile BlockDevice device;

    /** @throws IOException it cannot be reached now */
    PatientDevice(String name, Opener opener) throws IOException {
        this.name = name;
        this.opener = opener;
        this.device = opener.open();
        this.size = device.size();
    }

    private <T> T run(Operation<T> operation) throws IOException {
        while (true) {
            var current = device;
            try {
                return operation.on(current);
            } catch (DeviceLostException e) {
                replace(current, e);
            } catch (BlockException e) {
                if (e.errno() != Errno.ESHUTDOWN) { // the image was replaced, or the server is about to go
                    throw e;
                }
                replace(current, e);
            }
        }
    }

    private synchronized void replace(BlockDevice lost, IOException cause) throws IOException {
        if (device != lost) {
            return;
        }
        LOG.log(Level.WARNING, name + " is lost, waiting for it", cause);
        lost.close();
        for (long delay = FIRST_DELAY_MILLIS; !pause(delay); delay = Math.min(2 * delay, LONGEST_DELAY_MILLIS)) {
            BlockDevice opened;
            try {
                opened = opener.open();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, name, e);
                continue;
            }
            if (opened.size() != size) {
                opened.close();
                throw new IOException(
                        name + " has " + opened.size() + " bytes instead of " + size + ": it was replaced");
            }
            device = opened;
            LOG.log(Level.INFO, "{0} is back", name);
            return;
        }
        throw new BlockException(Errno.ESHUTDOWN, name + " is closed", cause);
    }

    /** Returns whether the device is closed. */
    private boolean pause(long millis) throws IOException {
        try {
            return closed.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BlockException(Errno.EIO, "read of " + name + " interrupted", e);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        int start = into.position();
        run(target -> {
            target.read(offset, into.position(start));
            return into;
        });
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        return run(target -> target.extents(offset, length));
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        throw refused();
    }

    @Override
    public void flush() {
        // nothing here changes
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        throw refused();
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        throw refused();
    }

    private BlockException refused() {
        return new BlockException(Errno.EPERM, name + " is read-only");
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        device.close();
    }
}
