package org.triplel.ui.actions;

import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.Writes;
import org.triplel.ui.Acceptance;

/**
 * What of some VMs may be lost with their hosts, and who has accepted that.
 *
 * @param vms at least one
 * @param writes where what they write is to be kept, so that it may be lost
 * @param acceptances one of each VM for which it has been accepted
 */
record PlacementRisk(List<Vm> vms, PlacementOfWrites writes, List<Acceptance> acceptances) {

    /** That of a storage placement. */
    static PlacementRisk of(List<Vm> vms, PlacementOfWrites writes) {
        return new PlacementRisk(
                vms,
                writes,
                vms.stream()
                        .map(Vm::placement)
                        .filter(writes::acceptedIn)
                        .flatMap(placement -> Acceptance.of(placement).stream())
                        .toList());
    }

    /** That of journal disks, which is the same as with Log-Split. */
    static PlacementRisk ofJournalDisks(List<Vm> vms) {
        return new PlacementRisk(
                vms,
                PlacementOfWrites.LOG_SPLIT,
                vms.stream()
                        .flatMap(vm -> Acceptance.of(vm.journalDisk()).stream())
                        .toList());
    }

    /** Whether it has been accepted for all of them. */
    boolean accepted() {
        return acceptances.size() == vms.size();
    }

    /** What the user accepts, if he does. */
    String question() {
        var hosts = vms.stream().map(Vm::host).distinct().toList();
        var host =
                hosts.size() == 1 ? NLS.bind(Messages.Placement_TheHost, hosts.getFirst()) : Messages.Placement_AHost;
        var one = vms.size() == 1;
        var whose = one ? vms.getFirst().name() : String.valueOf(vms.size());
        if (writes.writes() == Writes.BEHIND) {
            return NLS.bind(
                    one ? Messages.Placement_AcceptBehindOne : Messages.Placement_AcceptBehindMany,
                    new Object[] {host, whose, writes.rpoSeconds(), writes.rpoMebibytes()});
        }
        return NLS.bind(one ? Messages.Placement_AcceptOne : Messages.Placement_AcceptMany, host, whose);
    }

    /** The agents of several hosts note what was accepted for all at once at slightly different times. */
    private static Instant minute(Acceptance acceptance) {
        return acceptance.at().truncatedTo(ChronoUnit.MINUTES);
    }

    /** Who has accepted it, and when. */
    String acceptedWords(ZoneId zone) {
        var newest =
                acceptances.stream().max(Comparator.comparing(Acceptance::at)).orElseThrow();
        var names = acceptances.stream().map(Acceptance::by).distinct().sorted().collect(Collectors.joining(", "));
        var several = acceptances.stream().map(PlacementRisk::minute).distinct().count() > 1;
        return NLS.bind(
                several ? Messages.Placement_AcceptedMany : Messages.Placement_AcceptedOne, names, newest.time(zone));
    }
}
