package org.triplel.block.nbd;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.triplel.block.BlockDevice;

/**
 * Who may write to which device of a server. Where there is but one seat, a client waits for it as long as its holder is
 * only about to leave: its requests under way must be done before those of its successor begin.
 */
final class Seats {

    /** Those who only look, nbdinfo for one, have left by then. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long LOOK_AGAIN_MILLIS = 20;

    private final Writers writers;
    private final Map<BlockDevice, Transport> holders = new IdentityHashMap<>();

    Seats(Writers writers) {
        this.writers = writers;
    }

    /** What the client could do with the device now. */
    synchronized Access look(BlockDevice device) {
        return device.readOnly()
                ? Access.READ
                : switch (writers) {
                    case MANY -> Access.WRITE;
                    case ONE -> holders.containsKey(device) ? Access.READ : Access.WRITE_ALONE;
                };
    }

    /** What the client may do until it {@linkplain #leave leaves}. */
    synchronized Access take(BlockDevice device, Transport client) throws IOException {
        long begin = System.nanoTime();
        while (look(device) == Access.READ
                && !device.readOnly()
                && client.isOpen()
                && (holders.get(device).isHungUp() || System.nanoTime() - begin < PATIENCE_NANOS)) {
            try {
                wait(LOOK_AGAIN_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for another client to leave");
            }
        }
        var access = look(device);
        if (access == Access.WRITE_ALONE) {
            holders.put(device, client);
        }
        return access;
    }

    synchronized void leave(Transport client) {
        if (holders.values().remove(client)) {
            notifyAll();
        }
    }
}
