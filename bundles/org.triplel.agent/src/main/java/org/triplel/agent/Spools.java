package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.block.qemu.StorageDaemon;
import org.triplel.router.Spool;

/**
 * The spools of this host's disks. Between two lives of a disk someone may have put its overlay back to an older state,
 * in place, and changes that are left in the spool must not be written over that. So they are written again only
 *
 * <ul>
 *   <li>while the guest runs to which they were acknowledged,
 *   <li>or while the image daemon lives that has had the overlay open all the time,
 *   <li>or if the overlay is exactly as it was when the daemon was seen dead.
 * </ul>
 *
 * <p>Otherwise the spool is set aside and an event tells where it is. The guest is dead then, and finds its disk as after
 * a power cut: everything that it flushed has left the spool, because it is on the NAS.
 */
final class Spools {

    private static final System.Logger LOG = System.getLogger(Spools.class.getName());

    interface Preparation {
        void run() throws IOException;
    }

    private final Path folder;
    private final Nas nas;
    private final EventLog events;

    Spools(Path folder, Nas nas, EventLog events) {
        this.folder = folder;
        this.nas = nas;
        this.events = events;
    }

    private Path file(String vm) {
        return folder.resolve(vm + ".spool");
    }

    /** How the overlay was when its daemon was seen dead. */
    private Path note(String vm) {
        return folder.resolve(vm + ".overlay");
    }

    /**
     * Opens the spool of a disk; what it holds may be written to the overlay.
     *
     * @param daemon not connected; ended if it may have another file open than the overlay of now
     * @param beforeLoss done before changes that the overlay has not got durably are set aside
     * @throws AgentException it is not known yet whether that may be written, or a guest runs that would lose it
     */
    Spool open(DiskRecord vm, Guest guest, StorageDaemon daemon, Preparation beforeLoss)
            throws IOException, AgentException {
        var file = file(vm.vm());
        var image = nas.identity(vm.overlay());
        if (!Spool.fits(file, image)) {
            if (guest != Guest.OFF && Files.exists(file)) {
                throw foreign(vm, guest);
            }
            daemon.close();
        }
        var spool = Spool.open(file, image);
        if (!spool.isEmpty() && guest != Guest.LIVES && !daemon.isAlive() && !untouched(vm)) {
            spool.close();
            if (guest == Guest.UNKNOWN) {
                throw AgentException.conflict(
                        "The disk of " + vm.vm()
                                + " waits for the hypervisor: whether changes that are not on the NAS are"
                                + " written depends on whether the guest runs.",
                        "");
            }
            beforeLoss.run();
            spool = Spool.openAnew(file, image);
        }
        spool.setAside().ifPresent(kept -> tellSetAside(vm, kept));
        return spool;
    }

    private AgentException foreign(DiskRecord vm, Guest guest) {
        return guest == Guest.UNKNOWN
                ? AgentException.conflict(
                        "The disk of " + vm.vm() + " waits for the hypervisor: " + vm.overlay()
                                + " is not the file that the guest had, if it runs.",
                        "")
                : AgentException.conflict(
                        vm.overlay() + " is not the file any more that the running guest of " + vm.vm()
                                + " has its disk in, or " + file(vm.vm()) + " is damaged.",
                        "Put the file back under its name, or end the VM and start it: then it runs on the file that is"
                                + " there now.");
    }

    private void tellSetAside(DiskRecord vm, Path kept) {
        events.add(
                Severity.WARNING,
                vm.vm(),
                "Attach disk",
                "What the guest wrote last and did not flush is not written to " + vm.overlay()
                        + ", because that may have been changed since its image daemon died. The disk is as after a power"
                        + " cut. The changes are kept in " + kept + "; remove the file when nobody needs it.");
    }

    /** Whether the overlay is as it was when its daemon was seen dead. */
    boolean untouched(DiskRecord vm) throws IOException {
        return Files.exists(note(vm.vm())) && Files.readString(note(vm.vm())).equals(nas.state(vm.overlay()));
    }

    /** Notes how the overlay is now that its daemon is dead, so that changes left in the spool can be written later. */
    void noteOverlay(DiskRecord vm) {
        try {
            var written = folder.resolve("." + vm.vm() + ".overlay");
            Files.writeString(written, nas.state(vm.overlay()));
            Files.move(written, note(vm.vm()), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(Level.WARNING, vm.vm() + ": note the state of its overlay", e);
        }
    }

    /** The disk is detached and nothing is left to be written; what was set aside stays. */
    void delete(String vm) throws IOException {
        Files.deleteIfExists(file(vm));
        Files.deleteIfExists(note(vm));
    }

    /** The overlay goes, and with it everything that was meant for it. */
    void deleteAll(String vm) throws IOException {
        delete(vm);
        try (var kept = Files.newDirectoryStream(folder, vm + ".spool.stale*")) {
            for (var file : kept) {
                Files.delete(file);
            }
        }
    }
}
