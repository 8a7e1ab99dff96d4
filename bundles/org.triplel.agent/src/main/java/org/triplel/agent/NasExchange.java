package org.triplel.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

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

    void run(Step step) throws IOException {
        nas.requirePresent();
        var copy = nas.folder().resolve(note.copy());
        var overlay = nas.folder().resolve(note.overlay());
        if (Files.exists(copy)) { // else it has taken the overlay's place before
            var kept = nas.folder().resolve(note.kept());
            Nas.name(overlay, kept);
            step.done("the old overlay has a second name");
            Files.move(copy, overlay, StandardCopyOption.ATOMIC_MOVE);
            force(overlay.resolveSibling(""));
        } else if (!Files.exists(nas.folder().resolve(note.kept()))) {
            throw new IOException(note.copy() + " is gone, and " + note.overlay() + " is still the old one");
        }
        step.done("the copy is in its place");
        var claim = nas.claim(note.overlay());
        if (claim.filter(each -> each.log().toString().equals(note.claim())).isPresent()) {
            nas.dropClaim(note.overlay());
        }
        step.done("the claim is gone");
    }

    private static void force(Path folder) throws IOException {
        try (var opened = FileChannel.open(folder, StandardOpenOption.READ)) {
            opened.force(true);
        }
    }
}
