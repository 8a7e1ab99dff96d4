package org.triplel.block.nbd;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.triplel.block.BlockDevice;

/**
 * Who has which device of a server. Where there is but one seat, a client waits for it a little, and as long as its holder
 * is gone but for requests under way: they must be done before those of its successor begin. The handshake's deadline
 * ends every wait.
 */
final class Seats {

    private static final System.Logger LOG = System.getLogger(Seats.class.getName());

    /** Those who only look, nbdinfo for one, have left by then. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long LOOK_AGAIN_MILLIS = 20;

    private final Clients clients;
    private final Map<BlockDevice, Transport> holders = new IdentityHashMap<>();

    Seats(Clients clients) {
        this.clients = clients;
    }

    /** What any client may do with the device that gets a seat. */
    Access access(BlockDevice device) {
        return device.readOnly()
                ? Access.READ
                : switch (clients) {
                    case ONE -> Access.WRITE_ALONE;
                    case MANY -> Access.WRITE;
                };
    }

    /**
     * Gives the client a seat until it {@linkplain #leave leaves}.
     *
     * @return false if another one has it
     */
    synchronized boolean take(BlockDevice device, Transport client) throws IOException {
        if (access(device) != Access.WRITE_ALONE) {
            return true;
        }
        long begin = System.nanoTime();
        boolean told = false;
        while (holders.containsKey(device)) {
            boolean leaving = holders.get(device).isHungUp();
            if (!client.isOpen() || !leaving && System.nanoTime() - begin > PATIENCE_NANOS) {
                return false;
            }
            if (leaving && !told) {
                LOG.log(Level.INFO, "{0}: a client waits for the requests of one that has hung up", device);
                told = true;
            }
            pause();
        }
        holders.put(device, client);
        return true;
    }

    private void pause() throws IOException {
        try {
            wait(LOOK_AGAIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for another client to leave");
        }
    }

    synchronized void leave(Transport client) {
        if (holders.values().remove(client)) {
            notifyAll();
        }
    }
}
