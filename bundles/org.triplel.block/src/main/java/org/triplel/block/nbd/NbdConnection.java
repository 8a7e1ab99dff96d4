package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.Optional;

/** One client's life at the server, on the thread that calls {@link #run()}, over any blocking channel. */
final class NbdConnection {

    private final ByteChannel channel;
    private final Exports exports;
    private final Duration handshakeTime;

    NbdConnection(ByteChannel channel, Exports exports, Duration handshakeTime) {
        this.channel = channel;
        this.exports = exports;
        this.handshakeTime = handshakeTime;
    }

    /** Serves the client until it leaves; closes the channel. No request is under way when this returns. */
    void run() throws IOException {
        try (channel) {
            var wire = new Wire(channel);
            var session = handshake(wire);
            if (session.isPresent()) {
                new Transmission(channel, wire, session.get()).run();
            }
        }
    }

    private Optional<Session> handshake(Wire wire) throws IOException {
        try (var _ = new Deadline(channel, handshakeTime, "an NBD handshake")) {
            return new ServerHandshake(wire, exports).run();
        }
    }
}
