package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.Optional;

/** One client's life at the server, on the thread that calls {@link #run()}. */
final class NbdConnection {

    private final Transport transport;
    private final Exports exports;
    private final Seats seats;
    private final Duration handshakeTime;

    NbdConnection(Transport transport, Exports exports, Seats seats, Duration handshakeTime) {
        this.transport = transport;
        this.exports = exports;
        this.seats = seats;
        this.handshakeTime = handshakeTime;
    }

    /** Serves the client until it leaves; closes the transport. No request is under way when this returns. */
    void run() throws IOException {
        try (transport) {
            var session = handshake();
            if (session.isPresent()) {
                try (var arena = Arena.ofShared()) {
                    new Transmission(transport, session.get(), arena).run();
                }
            }
        } finally {
            seats.leave(transport);
        }
    }

    private Optional<Session> handshake() throws IOException {
        try (var _ = new Deadline(transport, handshakeTime, "an NBD handshake")) {
            return new ServerHandshake(transport, exports, seats).run();
        }
    }
}
