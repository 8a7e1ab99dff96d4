package org.triplel.agent.api;

/**
 * Where a VM's host keeps parts of its disk. Base images are not part of it, see {@link ShadowBase}.
 *
 * @param swap the guest's swap areas: on the host's own disk, where nothing is lost that outlives the guest, or on the NAS
 */
public record Placement(Side swap) {

    /** What a VM has as long as nobody chooses. */
    public static final Placement DEFAULT = new Placement(Side.LOCAL);
}
