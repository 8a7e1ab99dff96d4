package org.triplel.ui.actions;

import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Vm;
import org.triplel.ui.Acceptance;

/**
 * What is risked by keeping the journals of some VMs on their hosts, and who has accepted that.
 *
 * @param vms at least one
 */
record PlacementRisk(List<Vm> vms) {

    /** Whether it has been accepted for all of them. */
    boolean accepted() {
        return acceptances().size() == vms.size();
    }

    private List<Acceptance> acceptances() {
        return vms.stream()
                .flatMap(vm -> Acceptance.of(vm.placement()).stream())
                .toList();
    }

    /** What the user accepts, if he does. */
    String question() {
        var hosts = vms.stream().map(Vm::host).distinct().toList();
        var host =
                hosts.size() == 1 ? NLS.bind(Messages.Placement_TheHost, hosts.getFirst()) : Messages.Placement_AHost;
        return vms.size() == 1
                ? NLS.bind(Messages.Placement_AcceptOne, host, vms.getFirst().name())
                : NLS.bind(Messages.Placement_AcceptMany, host, vms.size());
    }

    /** The agents of several hosts note what was accepted for all at once at slightly different times. */
    private static Instant minute(Acceptance acceptance) {
        return acceptance.at().truncatedTo(ChronoUnit.MINUTES);
    }

    /** Who has accepted it, and when. */
    String acceptedWords(ZoneId zone) {
        var newest =
                acceptances().stream().max(Comparator.comparing(Acceptance::at)).orElseThrow();
        var names =
                acceptances().stream().map(Acceptance::by).distinct().sorted().collect(Collectors.joining(", "));
        var several =
                acceptances().stream().map(PlacementRisk::minute).distinct().count() > 1;
        return NLS.bind(
                several ? Messages.Placement_AcceptedMany : Messages.Placement_AcceptedOne, names, newest.time(zone));
    }
}
