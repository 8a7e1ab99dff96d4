package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.router.JournalFile;
import org.triplel.router.NasView;
import org.triplel.router.RoutedDisk;
import org.triplel.router.Rpo;
import org.triplel.router.SetAside;
import org.triplel.router.SubFile;
import org.triplel.router.WriteBehindLog;

/**
 * What of a VM's disk lies on this host, when the disk is attached.
 *
 * @param host the name of this host
 * @param state the agent's folders
 * @param nas has the overlay
 * @param vm whose disk it is
 * @param guest what is known of it
 * @param image names the overlay and what makes this life of it unique
 * @param trusted whether nobody can have put the overlay back since an earlier agent served it
 */
record HostFiles(
        String host,
        StateFolder state,
        Nas nas,
        DiskRecord vm,
        Guest guest,
        String image,
        boolean trusted,
        EventLog events)
        implements RoutedDisk.LocalFiles {

    private static final String PLACEMENT = "Storage placement";

    private static Path swapFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".img");
    }

    private static Path journalFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".journal");
    }

    private static Path logFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".behind");
    }

    /** Removes what is here of a VM, if anything is. */
    static void delete(StateFolder state, String vm) throws IOException {
        SubFile.delete(swapFile(state, vm));
        JournalFile.delete(journalFile(state, vm));
        Files.deleteIfExists(logFile(state, vm));
    }

    /** Removes also what was set aside. */
    static void deleteSetAside(StateFolder state, String vm) throws IOException {
        deleteAll(state, vm + ".journal.stale*");
        deleteAll(state, vm + ".behind.stale*");
    }

    private static void deleteAll(StateFolder state, String pattern) throws IOException {
        try (var kept = Files.newDirectoryStream(state.local(), pattern)) {
            for (var file : kept) {
                Files.delete(file);
            }
        }
    }

    /** Changes that the overlay had not got durably are lost: what left this host with them is what was here before. */
    static void forgetUnflushed(StateFolder state, String vm) throws IOException {
        JournalFile.forgetUnflushed(journalFile(state, vm));
    }

    /**
     * Nobody has opened the overlay yet. If its newest changes are here, the NAS is told that what follows comes from here.
     *
     * @param trusted whether nobody can have put the overlay back since an earlier agent served it
     * @return whether there are any
     * @throws ElsewhereException they are on another host, or were on this one, or may not belong to the overlay
     */
    static boolean expectBehind(String host, StateFolder state, Nas nas, DiskRecord vm, boolean trusted)
            throws IOException {
        var claim = nas.claim(vm.overlay());
        if (claim.isEmpty()) {
            return false;
        }
        var there = "what it wrote last is on " + claim.get().host() + ", where it was kept since "
                + claim.get().since();
        if (!claim.get().image().equals(nas.identity(vm.overlay()))) {
            throw new ElsewhereException(claim.get().host(), there + ", but the image was exchanged meanwhile");
        }
        if (!isHere(claim.get(), state, vm)) {
            throw new ElsewhereException(
                    claim.get().host(), claim.get().host().equals(host) ? there + ", but is missing there" : there);
        }
        if (!trusted && nas.changedAfterClaim(vm.overlay())) {
            throw new ElsewhereException(
                    host,
                    "the image was changed after " + host + " had sent on what it could, so what " + host
                            + " still has may not belong to it. If nobody has put it back or used it meanwhile, touch "
                            + nas.claimFile(vm.overlay()) + " and try again");
        }
        nas.renewClaim(vm.overlay());
        return true;
    }

    private static boolean isHere(Claim claim, StateFolder state, DiskRecord vm) throws IOException {
        return WriteBehindLog.idOf(logFile(state, vm.vm())).equals(Optional.of(claim.log()));
    }

    /**
     * A guest that lives counts on what is in it, and so does one whose memory is saved, if it is still there. Of one that is
     * off only what should have come home matters, as long as nobody can have put the overlay back meanwhile.
     */
    @Override
    public SubFile swap(long size) throws IOException {
        var file = swapFile(state, vm.vm());
        boolean anew =
                switch (guest) {
                    case LIVES, UNKNOWN -> false;
                    case SAVED -> !Files.exists(file);
                    case OFF -> !trusted || !SubFile.fits(file, size, image);
                };
        return anew ? SubFile.create(file, size, image) : SubFile.adopt(file, size, image);
    }

    @Override
    public JournalFile journals(long size, NasView nasView) throws IOException {
        var opened = JournalFile.open(journalFile(state, vm.vm()), size, image, nasView, guest == Guest.OFF);
        opened.setAside()
                .ifPresent(kept -> events.add(
                        Severity.WARNING,
                        vm.vm(),
                        PLACEMENT,
                        "A journal that was left on " + host + " does not belong to " + vm.overlay()
                                + " as it is now, so it is not used. It is kept in " + kept
                                + "; remove the file when nobody needs it."));
        return opened.file();
    }

    /** What is in the log belongs to the overlay as long as the NAS says so, see {@link #expectBehind}. */
    @Override
    public Optional<WriteBehindLog> behind(long size) throws IOException {
        var file = logFile(state, vm.vm());
        if (nas.claim(vm.overlay()).isPresent()) {
            return Optional.of(WriteBehindLog.open(file, size));
        }
        if (Files.exists(file)) {
            dropUnclaimed(file, size);
        }
        return Optional.empty();
    }

    /** All of it is on the NAS, or somebody has given it up. */
    private void dropUnclaimed(Path file, long size) throws IOException {
        if (WriteBehindLog.isEmpty(file, size)) {
            Files.delete(file);
            return;
        }
        if (guest != Guest.OFF) {
            throw new IOException(
                    "what its guest wrote last is in " + file + ", but the NAS does not expect it any more");
        }
        var kept = SetAside.move(file);
        events.add(
                Severity.WARNING,
                vm.vm(),
                PLACEMENT,
                "What was written last on " + host + " was given up meanwhile, so it does not belong to " + vm.overlay()
                        + " as it is now, and is not used. It is kept in " + kept
                        + "; remove the file when nobody needs it.");
    }

    @Override
    public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
        nas.unclaim(vm.overlay()); // it may be left of a log that is empty
        var id = UUID.randomUUID();
        var log = WriteBehindLog.create(logFile(state, vm.vm()), id, size, rpo);
        try {
            nas.claim(vm.overlay(), new Claim(host, id, image, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
            return log;
        } catch (IOException failure) {
            log.close();
            throw failure;
        }
    }

    @Override
    public void renewBehind() throws IOException {
        nas.renewClaim(vm.overlay());
    }

    @Override
    public void endBehind() throws IOException {
        nas.unclaim(vm.overlay());
        Files.deleteIfExists(logFile(state, vm.vm()));
    }
}
