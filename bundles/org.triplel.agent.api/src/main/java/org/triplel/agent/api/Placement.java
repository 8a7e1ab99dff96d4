package org.triplel.agent.api;

/**
 * Where a VM's host keeps parts of its disk. Base images are not part of it, see {@link ShadowBase}.
 *
 * @param swap the guest's swap areas: on the host's own disk, where nothing is lost that outlives the guest, or on the NAS
 * @param journal the journals of its file systems (Log-Split): on the NAS, where nothing is lost with the host, or on the
 *     host's own disk: then everything since the last checkpoint may be lost with it, and the file systems need repair
 * @param acceptedBy who has accepted that risk; empty unless the journals are placed on the host
 * @param acceptedAtMillis when he did, milliseconds since 1970 by the agent's clock, or 0; ignored in requests
 */
public record Placement(Side swap, Side journal, String acceptedBy, long acceptedAtMillis) {

    /** What a VM has as long as nobody chooses. */
    public static final Placement DEFAULT = new Placement(Side.LOCAL, Side.NAS, "", 0);

    /** All that may be lost with the host is on the NAS. */
    public static Placement safe(Side swap) {
        return new Placement(swap, Side.NAS, "", 0);
    }

    /** The journals on the host, too. */
    public static Placement risky(Side swap, String acceptedBy) {
        return new Placement(swap, Side.LOCAL, acceptedBy, 0);
    }
}
