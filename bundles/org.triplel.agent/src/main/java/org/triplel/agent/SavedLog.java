package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.triplel.router.WriteBehindLog;

/**
 * What a lost host had not sent on to the NAS, as far as somebody has saved the file.
 *
 * @param host that has the file now
 */
record SavedLog(String host, Nas nas) {

    /**
     * The file that somebody names, if it can be added to a VM's disk as that is now.
     *
     * @param claim of the log that is missing, if one is
     * @throws AgentException it cannot; says why
     */
    Path checked(String log, DiskRecord vm, Optional<Claim> claim) throws AgentException, IOException {
        var file = Path.of(log);
        if (claim.isEmpty()) {
            throw AgentException.conflict(
                    "No host has a log of what " + vm.vm() + " wrote, so " + log + " is not added to its disk.",
                    "Leave the log away.");
        }
        refuseUnlessThere(host, log);
        if (!WriteBehindLog.idOf(file).equals(Optional.of(claim.get().log()))) {
            throw AgentException.invalid(
                    log + " is not the log that " + claim.get().host() + " had of " + vm.vm() + ".",
                    "It is the file " + vm.vm() + ".behind in the folder local of the state of that host's agent.");
        }
        if (!claim.get().image().equals(nas.identity(vm.overlay()))) {
            throw AgentException.conflict(
                    vm.overlay() + " was exchanged since " + claim.get().host() + " had it, so " + log
                            + " does not belong to it.",
                    "Put the image back that it belongs to, or leave the log away.");
        }
        refuseUnlessOfTheImage(file, vm, claim.get());
        return file;
    }

    static void refuseUnlessThere(String host, String file) throws AgentException {
        if (!isThere(file)) {
            throw AgentException.invalid(
                    "There is no file '" + file + "' on " + host + ".", "Give its absolute path there.");
        }
    }

    private static boolean isThere(String file) {
        try {
            return Path.of(file).isAbsolute() && Files.isRegularFile(Path.of(file));
        } catch (InvalidPathException noPath) {
            return false;
        }
    }

    /** Of one log there may be files of several times, and of the image as well: old changes must not come over newer ones. */
    private void refuseUnlessOfTheImage(Path file, DiskRecord vm, Claim claim) throws AgentException, IOException {
        if (claim.state() == Claim.State.FAILED) {
            throw AgentException.conflict(
                    "The disk of " + claim.host()
                            + " failed while it had the log, and the NAS has got newer changes than " + file
                            + " knows of.",
                    "Leave the log away.");
        }
        long renewals = WriteBehindLog.renewalsOf(file);
        if (claim.isNewerThan(renewals)) {
            throw AgentException.conflict(
                    file + " is of an earlier time than the last that " + claim.host() + " had sent to the NAS.",
                    "Save the file from that host's own disk, or leave the log away.");
        }
        if (claim.isOlderThan(renewals)) {
            throw AgentException.conflict(
                    "The NAS was put back to a time before " + file + ", so that does not belong to " + vm.overlay()
                            + " as it is.",
                    "Leave the log away.");
        }
        if (nas.changedAfterClaim(vm.overlay())) {
            throw AgentException.conflict(
                    vm.overlay() + " was changed after " + claim.host() + " had sent on what it could, so " + file
                            + " may not belong to it as it is.",
                    "If nobody has put it back or used it meanwhile, touch " + nas.claimFile(vm.overlay())
                            + " and try again; or leave the log away.");
        }
    }
}
