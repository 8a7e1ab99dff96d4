package org.triplel.hypervisor;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * A domain's memory at one moment.
 *
 * @param balloon whether it has a memory balloon; without one the guest always has the maximum
 * @param maximumMiB what the domain can have, in MiB
 * @param targetMiB how much of that the balloon is to leave to the guest, now and after the next start
 * @param currentMiB how much it leaves to the guest now; 0 if the domain is off
 * @param givenByItself whether a guest that swaps is given more without being asked, by the administrator's choice
 * @param guest what the guest's balloon driver reports, if it does
 */
public record DomainMemory(
        boolean balloon,
        int maximumMiB,
        int targetMiB,
        int currentMiB,
        boolean givenByItself,
        Optional<GuestMemory> guest) {

    /**
     * The guest's own figures, which are as true as the guest is.
     *
     * @param unusedBytes what nothing uses, if it tells that
     * @param availableBytes what programs can have without swapping, if it tells that
     */
    public record GuestMemory(OptionalLong unusedBytes, OptionalLong availableBytes) {}
}
