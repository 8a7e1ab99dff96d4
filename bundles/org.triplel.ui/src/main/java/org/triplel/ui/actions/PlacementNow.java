package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;

/**
 * Where VMs keep one part of their disks.
 *
 * @param part its name
 * @param onHost how many have it on their host
 * @param all how many VMs there are, at least 1
 */
record PlacementNow(String part, long onHost, int all) {

    static PlacementNow of(String part, List<Vm> vms, Function<Placement, Side> side) {
        var onHost = vms.stream()
                .filter(vm -> side.apply(vm.placement()) == Side.LOCAL)
                .count();
        return new PlacementNow(part, onHost, vms.size());
    }

    /** Where all have it, if that is one place. */
    Optional<Side> common() {
        if (onHost == all) {
            return Optional.of(Side.LOCAL);
        }
        return onHost == 0 ? Optional.of(Side.NAS) : Optional.empty();
    }

    /** Says that the VMs differ, if they do. */
    Optional<String> difference() {
        return common().isPresent()
                ? Optional.empty()
                : Optional.of(NLS.bind(Messages.Placement_Mixed, new Object[] {part, onHost, all}));
    }
}
