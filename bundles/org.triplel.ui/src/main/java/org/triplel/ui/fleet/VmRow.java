package org.triplel.ui.fleet;

import java.util.Optional;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmMemory;
import org.triplel.cluster.Host;
import org.triplel.ui.Rpo;
import org.triplel.ui.VmLoad;

/**
 * A VM in the table.
 *
 * @param rpo what of it would be lost with its host
 * @param memory what is known of its memory
 * @param whyNot what keeps it from being served well, or empty
 */
record VmRow(Vm vm, Host host, VmLoad load, Rpo rpo, Optional<VmMemory> memory, String whyNot) {

    /** How fast its guest swapped in the last minute. */
    SwapVelocity swap() {
        return memory.map(VmMemory::swap).orElse(SwapVelocity.NONE);
    }

    /** Whether more memory is proposed for it. */
    boolean wantsMemory() {
        return memory.filter(known -> known.proposedMiB() > 0).isPresent();
    }
}
