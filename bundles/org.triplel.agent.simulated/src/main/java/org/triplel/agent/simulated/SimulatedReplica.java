package org.triplel.agent.simulated;

import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Side;

/** A base image as a simulated host has it: a prefix of it is verified. */
final class SimulatedReplica {

    private static final int CHUNK = 64 * 1024;

    private final String host;
    private final String base;
    private final long bytes;
    private long verified;
    private boolean shadowBase = true;
    private boolean filling;

    SimulatedReplica(String host, String base, long bytes) {
        this.host = host;
        this.base = base;
        this.bytes = bytes;
    }

    String base() {
        return base;
    }

    long bytes() {
        return bytes;
    }

    void setShadowBase(boolean enabled) {
        shadowBase = enabled;
    }

    void fill() {
        filling = verified < bytes;
    }

    void clear() {
        verified = 0;
        filling = false;
    }

    Side side() {
        return shadowBase ? Side.LOCAL : Side.NAS;
    }

    /** How many of the bytes from {@code offset} on the replica serves. */
    long serve(long offset, long wanted) {
        return shadowBase ? Math.clamp(verified - offset, 0, wanted) : 0;
    }

    /** What was read up to {@code end} is kept, if the replica is in use. */
    void filled(long end) {
        if (shadowBase) {
            verified = Math.max(verified, Math.min(end, bytes));
        }
    }

    /**
     * Lets time pass.
     *
     * @return whether something changed
     */
    boolean advance(long millis, SimulatedNas nas) {
        if (!filling) {
            return false;
        }
        verified = Math.min(bytes, verified + nas.take(millis * (32L << 20) / 1000, 0.5));
        filling = verified < bytes;
        return true;
    }

    long verifiedBytes() {
        return verified;
    }

    Replica replica() {
        var chunks = (bytes + CHUNK - 1) / CHUNK;
        var have = verified == bytes ? chunks : verified / CHUNK;
        return new Replica(host, base, 1, bytes, CHUNK, chunks, have, shadowBase, filling, "");
    }
}
