package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.Channel;
import java.time.Duration;

/** Closes a channel unless it is itself closed in time, so that nobody can hold a handshake open for ever. */
final class Deadline implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Deadline.class.getName());

    private final Thread timer;

    Deadline(Channel channel, Duration time, String what) {
        timer = Thread.ofVirtual().name("deadline of " + what).start(() -> {
            try {
                Thread.sleep(time);
                LOG.log(Level.WARNING, "{0} took longer than {1}, connection closed", what, time);
                channel.close();
            } catch (InterruptedException inTime) {
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                LOG.log(Level.WARNING, "closing the connection of " + what, e);
            }
        });
    }

    @Override
    public void close() {
        timer.interrupt();
    }
}
