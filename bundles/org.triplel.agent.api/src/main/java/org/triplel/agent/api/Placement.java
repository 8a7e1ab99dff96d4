package org.triplel.agent.api;

/**
 * Where a VM's host keeps parts of its disk.
 *
 * @param base where blocks are read that only the base image holds: from the host's replica, unless that is switched off for
 *     all that are made of it ({@link ShadowBase}), or on the NAS; nothing is lost with either
 * @param swap the guest's swap areas: on the host's own disk, where nothing is lost that outlives the guest, or on the NAS
 * @param writes all else that the guest writes
 * @param rpoSeconds if it is written behind, how old the oldest change may become that is not on the NAS, before the guest
 *     has to wait: from 1 to 3600; else 0
 * @param rpoMebibytes and how much of it there may be: from 16 to 1024; else 0
 * @param acceptedBy who has accepted that data may be lost with the host; empty if none may
 * @param acceptedAtMillis when he did, milliseconds since 1970 by the agent's clock, or 0; ignored in requests
 */
public record Placement(
        Side base,
        Side swap,
        Writes writes,
        int rpoSeconds,
        int rpoMebibytes,
        String acceptedBy,
        long acceptedAtMillis) {

    public static final int MIN_RPO_SECONDS = 1;
    public static final int MAX_RPO_SECONDS = 3600;
    public static final int MIN_RPO_MEBIBYTES = 16;
    public static final int MAX_RPO_MEBIBYTES = 1024;

    /** What is offered where nobody has chosen a bound. */
    public static final int DEFAULT_RPO_SECONDS = 10;

    public static final int DEFAULT_RPO_MEBIBYTES = 64;

    /** What a VM has as long as nobody chooses. */
    public static final Placement DEFAULT = safe(Side.LOCAL);

    /** All that may be lost with the host is on the NAS; the base image is read from the replica, as in the others. */
    public static Placement safe(Side swap) {
        return new Placement(Side.LOCAL, swap, Writes.THROUGH, 0, 0, "", 0);
    }

    /** The journals on the host, too. */
    public static Placement risky(Side swap, String acceptedBy) {
        return new Placement(Side.LOCAL, swap, Writes.LOG_SPLIT, 0, 0, acceptedBy, 0);
    }

    /** All that is written goes to the NAS later, within a bound. */
    public static Placement behind(Side swap, int rpoSeconds, int rpoMebibytes, String acceptedBy) {
        return new Placement(Side.LOCAL, swap, Writes.BEHIND, rpoSeconds, rpoMebibytes, acceptedBy, 0);
    }

    /** Where the journals are placed. */
    public Side journal() {
        return writes == Writes.LOG_SPLIT ? Side.LOCAL : Side.NAS;
    }

    /** Whether nothing more can be lost than with another placement: who has accepted that one has accepted this one, too. */
    public boolean risksNoMoreThan(Placement other) {
        return writes == Writes.THROUGH
                || writes == other.writes && rpoSeconds <= other.rpoSeconds && rpoMebibytes <= other.rpoMebibytes;
    }

    /** Whether the same is promised of what would be lost. */
    public boolean promisesAs(Placement other) {
        return risksNoMoreThan(other) && other.risksNoMoreThan(this);
    }

    /** The same with another place for what only the base image holds. */
    public Placement withBase(Side side) {
        return new Placement(side, swap, writes, rpoSeconds, rpoMebibytes, acceptedBy, acceptedAtMillis);
    }

    /** The same with another place for swap. */
    public Placement withSwap(Side side) {
        return new Placement(base, side, writes, rpoSeconds, rpoMebibytes, acceptedBy, acceptedAtMillis);
    }

    /** The same, accepted then. */
    public Placement acceptedAt(long millis) {
        return new Placement(base, swap, writes, rpoSeconds, rpoMebibytes, acceptedBy, millis);
    }
}
