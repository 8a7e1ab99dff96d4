package org.triplel.lab;

import java.nio.file.Path;

/**
 * A Debian guest: the raw image of its disk with a root and a swap partition, and what starts it. The guest prints
 * {@link #READY} on its serial console when it is up, runs the QEMU guest agent, and gives a root shell on that console.
 *
 * @param base raw disk image
 * @param kernel Linux kernel, to be started directly
 * @param initrd its initial RAM disk
 */
public record GuestImage(Path base, Path kernel, Path initrd) {

    /** How the line begins that the guest prints on its console when its services have started. */
    public static final String READY = "TRIPLEL-GUEST READY";

    /** The kernel's command line for a guest of this name. */
    public static String commandLine(String hostname) {
        return "console=ttyS0 quiet panic=-1 root=/dev/vda1 hostname=" + hostname;
    }
}
