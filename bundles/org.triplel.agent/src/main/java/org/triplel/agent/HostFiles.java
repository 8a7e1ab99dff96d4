package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.Exposure;
import org.triplel.router.JournalFile;
import org.triplel.router.NasView;
import org.triplel.router.RoutedDisk;
import org.triplel.router.Rpo;
import org.triplel.router.SendRate;
import org.triplel.router.SetAside;
import org.triplel.router.SubFile;
import org.triplel.router.WriteBehindLog;

/** What of a VM's disk lies on this host, when the disk is attached. */
final class HostFiles implements RoutedDisk.LocalFiles {

    private static final System.Logger LOG = System.getLogger(HostFiles.class.getName());
    private static final String PLACEMENT = "Storage placement";

    private final String host;
    private final StateFolder state;
    private final Nas nas;
    private final DiskRecord vm;
    private final Guest guest;
    private final String image;
    private final boolean trusted;
    private final SendRate sendRate;
    private final EventLog events;

    /** The log of this stay. */
    private volatile Optional<UUID> log = Optional.empty();

    /**
     * @param host the name of this host
     * @param state the agent's folders
     * @param nas has the overlay
     * @param vm whose disk it is
     * @param guest what is known of it
     * @param image names the overlay and what makes this life of it unique
     * @param trusted whether nobody can have put the overlay back since an earlier agent served it
     * @param sendRate of this host
     */
    HostFiles(
            String host,
            StateFolder state,
            Nas nas,
            DiskRecord vm,
            Guest guest,
            String image,
            boolean trusted,
            SendRate sendRate,
            EventLog events) {
        this.host = host;
        this.state = state;
        this.nas = nas;
        this.vm = vm;
        this.guest = guest;
        this.image = image;
        this.trusted = trusted;
        this.sendRate = sendRate;
        this.events = events;
    }

    @Override
    public String host() {
        return host;
    }

    private static Path swapFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".img");
    }

    private static Path journalFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".journal");
    }

    private static Path logFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".behind");
    }

    /** Whether this host has journals of a VM's disk. */
    static boolean hasJournals(StateFolder state, String vm) {
        return Files.exists(journalFile(state, vm));
    }

    /** What of a VM's disk would be lost with this host while that is not attached, as far as its files tell. */
    static Exposure exposure(StateFolder state, String vm) {
        var behind = WriteBehindLog.exposure(logFile(state, vm));
        return new Exposure(
                JournalFile.heldBytes(journalFile(state, vm)) + behind.behindBytes(),
                behind.behindAge().toMillis());
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
        deleteAll(state, vm + ".journal-disk.stale*");
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
        if (!isHere(claim.get(), state, vm.vm())) {
            throw new ElsewhereException(
                    claim.get().host(), claim.get().host().equals(host) ? there + ", but is missing there" : there);
        }
        if (claim.get().state() == Claim.State.FAILED) {
            throw new ElsewhereException(
                    host,
                    "a part of what it wrote last was lost when the disk of " + host + " failed and its agent ended");
        }
        if (!trusted && nas.changedAfterClaim(vm.overlay()) && !WriteBehindLog.isEmpty(logFile(state, vm.vm()))) {
            throw new ElsewhereException(
                    host,
                    "the image was changed after " + host + " had sent on what it could, so what " + host
                            + " still has may not belong to it. If nobody has put it back or used it meanwhile, touch "
                            + nas.claimFile(vm.overlay()) + " and try again");
        }
        nas.vouch(vm.overlay());
        return true;
    }

    /** Whether this host has the log that a claim names. */
    static boolean isHere(Claim claim, StateFolder state, String vm) throws IOException {
        return WriteBehindLog.idOf(logFile(state, vm)).equals(Optional.of(claim.log()));
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
        var claim = nas.claim(vm.overlay());
        if (claim.isPresent()) {
            log = Optional.of(claim.get().log());
            return Optional.of(open(file, size, claim.get()));
        }
        if (Files.exists(file)) {
            dropUnclaimed(file);
        }
        return Optional.empty();
    }

    /** Either side may have been put back to an earlier state. */
    private WriteBehindLog open(Path file, long size, Claim claim) throws IOException {
        var opened = WriteBehindLog.open(file, size);
        boolean nasIsOld = claim.isOlderThan(opened.renewals());
        if (nasIsOld || claim.isNewerThan(opened.renewals())) {
            opened.close();
            throw new ElsewhereException(
                    host,
                    (nasIsOld ? "the NAS" : "the disk of " + host) + " was put back to an earlier state, so what "
                            + host + " still has does not belong to the image");
        }
        return opened;
    }

    /** All of it is on the NAS, or somebody has given it up. */
    private void dropUnclaimed(Path file) throws IOException {
        var last = nas.lastClaim(vm.overlay()).map(Claim::log);
        if (last.isPresent() && last.equals(WriteBehindLog.idOf(file)) || WriteBehindLog.isEmpty(file)) {
            remove(file);
            return;
        }
        switch (guest) {
            case OFF -> setAside(file);
            case SAVED ->
                throw new IOException(
                        "what its guest wrote last was given up, but its saved memory expects it. Drop that"
                                + " memory, virsh managedsave-remove " + vm.vm() + ": the guest then boots");
            case LIVES, UNKNOWN ->
                throw new IOException("what its guest wrote last was given up while it ran. Kill " + vm.vm()
                        + ", then start it: it boots from what the NAS has");
        }
    }

    private void setAside(Path file) throws IOException {
        var kept = SetAside.move(file);
        events.add(
                Severity.WARNING,
                vm.vm(),
                PLACEMENT,
                "What was written last on " + host + " was given up meanwhile, so it does not belong to " + vm.overlay()
                        + " as it is now, and is not used. It is kept in " + kept
                        + "; remove the file when nobody needs it.");
    }

    /** It is done with: a disk that fails only keeps what nobody will use. */
    private void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException failure) {
            LOG.log(Level.WARNING, vm.vm() + ": " + file + " stays", failure);
        }
    }

    @Override
    public SendRate sendRate() {
        return sendRate;
    }

    @Override
    public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
        endBehind(); // it may be owed
        var id = UUID.randomUUID();
        var created = WriteBehindLog.create(logFile(state, vm.vm()), id, size, rpo);
        try {
            nas.claim(vm.overlay(), Claim.begin(host, id, image, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
            log = Optional.of(id);
            return created;
        } catch (IOException failure) {
            created.close();
            throw failure;
        }
    }

    @Override
    public void renewBehind(long times) throws IOException {
        nas.changeClaim(vm.overlay(), log.orElseThrow(), claim -> claim.renewed(times));
    }

    @Override
    public void failBehind() throws IOException {
        nas.changeClaim(vm.overlay(), log.orElseThrow(), claim -> claim.become(Claim.State.FAILED));
    }

    /** If the claim is another one's by now, all is up to that one. */
    @Override
    public void endBehind() throws IOException {
        if (log.isPresent() && nas.claim(vm.overlay()).map(Claim::log).equals(log)) {
            nas.changeClaim(vm.overlay(), log.get(), claim -> claim.become(Claim.State.DONE));
        }
        remove(logFile(state, vm.vm()));
        log = Optional.empty();
    }
}
