package org.triplel.cli;

import java.io.PrintWriter;
import java.util.List;

/** What a recovery has done, for people. */
record RecoveryWords(PrintWriter to) {

    void fileSystem(String name, String journalHost, int status, long changedBytes, String said, List<String> found) {
        var result = status > 2
                ? "e2fsck could not repair it and ended with " + status + ". It is as it was."
                : changedBytes == 0
                        ? "e2fsck found it in order."
                        : "e2fsck has repaired it, and changed " + changedBytes + " bytes.";
        to.println(name + (journalHost.isEmpty() ? "" : ", whose journal was on " + journalHost) + ": " + result);
        to.println(said);
        found.forEach(file -> to.println("lost+found: " + file));
    }

    void end(long logBytes, List<String> replayed, List<String> unchecked, List<String> lost) {
        if (logBytes > 0) {
            to.println(logBytes + " bytes were added from the log.");
        }
        replayed.forEach(each -> to.println("Replayed from a saved journal: " + each + "."));
        if (!unchecked.isEmpty()) {
            to.println("Not checked, for e2fsck knows only ext2, ext3 and ext4: " + String.join("; ", unchecked) + ".");
        }
        lost.forEach(each -> to.println("Lost: " + each));
    }
}
