package org.triplel.router;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.triplel.block.ForwardingDevice;

/**
 * The log of what is written behind, always in the same recorded file, and what the NAS is told of it. The file is that of
 * a larger ring cut short, so it makes laps.
 */
final class RecordedLog extends ClaimedLog {

    /** What such a disk's placement has. */
    static final Rpo RPO = new Rpo(Duration.ofSeconds(1), Rpo.MIN_BYTES);

    static final int RING_BYTES = 512 << 10;

    /** How large the file is. */
    static final long BYTES = WriteBehindLog.fileBytes(RPO) - Rpo.MIN_BYTES + RING_BYTES;

    /** From then on the NAS says which log has what it lacks, if there is one. */
    private record Claim(long time, Optional<UUID> log) {}

    private final RecordingDevice file;
    private final Ticks clock;
    private final List<Claim> claims = new ArrayList<>();

    RecordedLog(RecordingDevice file, Ticks clock) {
        this.file = file;
        this.clock = clock;
    }

    /** The disk is new. */
    @Override
    public Optional<WriteBehindLog> behind(long size) {
        return Optional.empty();
    }

    @Override
    public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
        var id = UUID.randomUUID();
        var log = WriteBehindLog.create(new StaysOpen(file), id, size, LogClock.system());
        claim(Optional.of(id));
        return log;
    }

    @Override
    synchronized void claim(Optional<UUID> log) {
        claims.add(new Claim(clock.next(), log));
    }

    /** What the NAS says if its power goes at {@code time}. */
    synchronized Optional<UUID> claimed(long time) {
        return claims.stream()
                .filter(claim -> claim.time() < time)
                .reduce((_, last) -> last)
                .flatMap(Claim::log);
    }

    private static final class StaysOpen extends ForwardingDevice {

        StaysOpen(RecordingDevice file) {
            super(file);
        }

        @Override
        public void close() {
            // the next log is in it, too
        }
    }
}
