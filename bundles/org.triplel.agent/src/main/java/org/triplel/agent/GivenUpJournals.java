package org.triplel.agent;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.triplel.agent.api.AgentError;

/**
 * Journals on disks of lost hosts, whose VMs may be reset and deleted here all the same, because somebody has named that host.
 * It is not kept: whoever comes back later names it again. Calls for one VM come one after another.
 */
final class GivenUpJournals {

    private final String host;
    private final Nas nas;
    private final JournalClaims claims;

    /** By VM, the claim as it was then; empty if nobody could read it. */
    private final Map<String, Optional<JournalClaim>> given = new ConcurrentHashMap<>();

    /** @param host the name of this host */
    GivenUpJournals(String host, Nas nas, JournalClaims claims) {
        this.host = host;
        this.nas = nas;
        this.claims = claims;
    }

    /**
     * A claim that nobody can read names no host, so it is given up with any.
     *
     * @return whether the NAS says that another host has the journal, or may say so
     * @throws AgentException yet another host has it
     */
    boolean giveUp(DiskRecord vm, String lostHost) throws AgentException {
        try {
            var claim = elsewhere(vm);
            if (claim.filter(each -> !each.host().equals(lostHost)).isPresent()) {
                throw AgentException.invalid(
                        "It is not '" + lostHost + "' that has the journal of " + vm.vm() + ".",
                        "Type " + claim.get().host() + ", if that is off for good.");
            }
            if (claim.isPresent()) {
                given.put(vm.vm(), claim);
            }
            return claim.isPresent();
        } catch (DamagedClaimException damaged) {
            given.put(vm.vm(), Optional.empty());
            return true;
        } catch (IOException e) {
            throw claims.failed("The journal of " + vm.vm() + " cannot be given up", e);
        }
    }

    private Optional<JournalClaim> elsewhere(DiskRecord vm) throws IOException {
        return nas.journalClaim(vm.overlay()).filter(claim -> !claim.host().equals(host));
    }

    /** A definition that was left behind on this host must not cost another host's VM its disk. */
    void refuseIfElsewhere(DiskRecord vm) throws AgentException {
        try {
            var claim = elsewhere(vm);
            if (claim.isPresent() && !claim.equals(given.get(vm.vm()))) { // nor if it came back and went on since
                throw AgentException.conflict(
                        vm.overlay() + " stays as it is: the journal of its file system is on a disk of "
                                + claim.get().host() + ".",
                        "Delete " + vm.vm()
                                + " there. If that host is lost for good, recover the VM: triplel vm recover "
                                + vm.vm() + " --host " + claim.get().host() + ". Or give the journal up, which lets "
                                + vm.vm() + " be reset and deleted here: triplel vm give-up " + vm.vm() + " --host "
                                + claim.get().host() + ".");
            }
        } catch (DamagedClaimException damaged) {
            if (!Optional.empty().equals(given.get(vm.vm()))) {
                throw new AgentException(
                        AgentError.Kind.CONFLICT,
                        vm.overlay() + " stays as it is: whether a host has its journal cannot be told: "
                                + Failures.describe(damaged) + ".",
                        "If none has, give it up with the name of any: triplel vm give-up " + vm.vm() + " --host HOST.",
                        damaged);
            }
        } catch (IOException e) {
            throw claims.failed(vm.overlay() + " stays as it is", e);
        }
    }

    /** The overlay goes, and with it what the NAS says of a journal that was given up. */
    void discard(DiskRecord vm) throws IOException {
        if (given.containsKey(vm.vm())) {
            nas.dropJournalClaim(vm.overlay());
            given.remove(vm.vm());
        }
    }
}
