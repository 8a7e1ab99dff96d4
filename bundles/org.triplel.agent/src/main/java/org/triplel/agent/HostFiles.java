package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.router.JournalFile;
import org.triplel.router.NasView;
import org.triplel.router.RoutedDisk;
import org.triplel.router.SubFile;

/**
 * What of a VM's disk lies on this host, when the disk is attached.
 *
 * @param host the name of this host
 * @param state the agent's folders
 * @param vm whose disk it is
 * @param guest what is known of it
 * @param image names the overlay and what makes this life of it unique
 * @param trusted whether nobody can have put the overlay back since an earlier agent served it
 */
record HostFiles(
        String host, StateFolder state, DiskRecord vm, Guest guest, String image, boolean trusted, EventLog events)
        implements RoutedDisk.LocalFiles {

    private static final String PLACEMENT = "Storage placement";

    private static Path swapFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".img");
    }

    private static Path journalFile(StateFolder state, String vm) {
        return state.local().resolve(vm + ".journal");
    }

    /** Removes what is here of a VM, if anything is. */
    static void delete(StateFolder state, String vm) throws IOException {
        SubFile.delete(swapFile(state, vm));
        JournalFile.delete(journalFile(state, vm));
    }

    /** Removes also what was set aside. */
    static void deleteSetAside(StateFolder state, String vm) throws IOException {
        try (var kept = Files.newDirectoryStream(state.local(), vm + ".journal.stale*")) {
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
    public JournalFile journals(long size, NasView nas) throws IOException {
        var opened = JournalFile.open(journalFile(state, vm.vm()), size, image, nas, guest == Guest.OFF);
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
}
