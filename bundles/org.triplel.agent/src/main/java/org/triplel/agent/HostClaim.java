package org.triplel.agent;

import java.util.UUID;

/** What the NAS says of an overlay of which a host has a part: whoever does not have just that part must not use it. */
sealed interface HostClaim permits Claim, JournalClaim {

    /** The name of the host. */
    String host();

    /** Which part; a new one for each stay on a host. */
    UUID part();

    /** As it stands in the claim's file, never shorter than what it was made of, so that it can be written in place. */
    String text();
}
