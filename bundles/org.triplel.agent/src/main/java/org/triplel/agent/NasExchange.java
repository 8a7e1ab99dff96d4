package org.triplel.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Puts the sound copy of an overlay in its place, in steps of which each may be the last before a crash, and be done again:
 * at each moment the overlay's name is that of the old or of the new one, and the old one has a name until somebody removes
 * it. The lost host's claim goes last: until then nobody starts from the old overlay without what is missing of it.
 */
record NasExchange(Nas nas, RecoveryNote note) {

    private static final int MOST_KEPT = 10_000;

    /** A step, after which a test may end. */
    interface Step {
        void done(String name) throws IOException;
    }

    /** A name beside the overlay that no file has. */
    static String keptName(Nas nas, String overlay) throws IOException {
        for (int number = 1; number < MOST_KEPT; number++) {
            var name = overlay.replaceAll("\\.qcow2$", "") + ".before-recovery-" + number + ".qcow2";
            if (!Files.exists(nas.folder().resolve(name))) {
                return name;
            }
        }
        throw new IOException("there are " + MOST_KEPT + " old images of " + overlay);
    }

    /** Why the copy cannot take the overlay's place now, in sentences, or empty if it can or has done so. */
    Optional<String> objection() throws IOException {
        nas.requirePresent();
        if (exchanged()) {
            return Optional.empty();
        }
        if (Files.notExists(file(note.copy()))) {
            return Optional.of(note.copy() + " is gone. Recover the VM again.");
        }
        if (Files.notExists(file(note.overlay()))
                || !nas.unwritten(note.overlay()).equals(note.image())) {
            return Optional.of(note.overlay()
                    + " was changed since it was copied, so the copy lacks something. Discard the copy.");
        }
        return nas.inUse(note.overlay())
                .map(said -> "Somebody uses " + note.overlay() + ", so it is not exchanged. QEMU says: " + said);
    }

    /** Whether the overlay's name is that of the copy. */
    boolean exchanged() throws IOException {
        return !Files.notExists(file(note.overlay()))
                && nas.inode(note.overlay()).equals(note.inode());
    }

    /** Nothing speaks against it. */
    void run(Step step) throws IOException {
        nas.requirePresent();
        var overlay = file(note.overlay());
        if (!exchanged()) {
            Nas.name(overlay, file(note.kept()));
            step.done("the old overlay has a second name");
            Files.move(file(note.copy()), overlay, StandardCopyOption.ATOMIC_MOVE);
            force(overlay.resolveSibling(""));
        }
        step.done("the copy is in its place");
        var claim = nas.claim(note.overlay());
        if (claim.filter(each -> each.log().toString().equals(note.claim())).isPresent()) {
            nas.dropClaim(note.overlay());
        }
        if (isJournalGivenUp()) {
            nas.dropJournalClaim(note.overlay());
        }
        step.done("the claim is gone");
    }

    private boolean isJournalGivenUp() throws IOException {
        try {
            return nas.journalClaim(note.overlay())
                    .filter(each -> each.journal().toString().equals(note.journal()))
                    .isPresent();
        } catch (DamagedClaimException damaged) {
            return !note.journal().isEmpty();
        }
    }

    /** Takes the second name from the overlay, whose place the copy has not taken. */
    void undo() throws IOException {
        nas.requirePresent();
        var kept = file(note.kept());
        if (Files.exists(kept) && Files.exists(file(note.overlay())) && Files.isSameFile(kept, file(note.overlay()))) {
            Files.delete(kept);
        }
    }

    private Path file(String name) {
        return nas.folder().resolve(name);
    }

    private static void force(Path folder) throws IOException {
        try (var opened = FileChannel.open(folder, StandardOpenOption.READ)) {
            opened.force(true);
        }
    }
}
