package org.triplel.agent.api;

/**
 * A VM to define. How it boots is said by its base image.
 *
 * @param name letters, digits, '-' and '_'; no other VM of the NAS has it
 * @param base name of the base image
 * @param baseVersion version of the base image, from 1
 * @param diskBytes virtual size of its disk: a multiple of 512, from that of the base image to {@link #MAX_DISK_BYTES}
 * @param memoryMiB memory in MiB, from {@link #MIN_MEMORY_MIB} to what the host has
 * @param placement where its host keeps parts of its disk, from the first moment on
 */
public record VmDefinition(
        String name, String base, int baseVersion, long diskBytes, int memoryMiB, Placement placement) {

    /** 8 TiB. */
    public static final long MAX_DISK_BYTES = 8L << 40;

    public static final int MIN_MEMORY_MIB = 16;
}
