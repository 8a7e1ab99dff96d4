package org.triplel.agent;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.triplel.guest.FileSystem;
import org.triplel.guest.SemanticMap;

/** Which file system of a VM's disk its kernel mounts as root. */
final class RootFileSystem {

    private static final Pattern IN_A_PARTITION = Pattern.compile("ext[34] (?:on the whole disk|in partition (\\d+))");
    private static final Pattern ROOT = Pattern.compile("(?:^|\\s)root=(\\S*)");
    private static final Pattern PARTITION = Pattern.compile("/dev/vda(\\d*)");

    private RootFileSystem() {}

    /**
     * Where it begins on the disk, in bytes. Only the kernel's command line tells it: the only ext4 may be that of /boot. The
     * last word counts.
     *
     * @throws AgentException it names none that can have a journal disk
     */
    static long start(String vm, String commandLine, SemanticMap layout) throws AgentException {
        var root = ROOT.matcher(commandLine)
                .results()
                .reduce((_, later) -> later)
                .map(match -> PARTITION.matcher(match.group(1)))
                .filter(Matcher::matches)
                .map(match -> match.group(1));
        if (root.isEmpty()) {
            throw AgentException.conflict(
                    "Which file system of " + vm + " is its root is not known: its kernel is not told"
                            + " root=/dev/vdaN.",
                    "Say so in the description of its base image.");
        }
        for (var each : layout.fileSystems()) {
            var place = IN_A_PARTITION.matcher(each.name());
            if (place.matches()
                    && root.get().equals(Optional.ofNullable(place.group(1)).orElse(""))) {
                return start(each);
            }
        }
        throw AgentException.conflict(
                "The disk of " + vm + " has no ext3 or ext4 in /dev/vda" + root.get()
                        + ", which is its root, so no journal disk can be given to it.",
                "File systems in LVM volumes, and others than ext4, keep their journals.");
    }

    private static long start(FileSystem fileSystem) {
        return fileSystem.pieces().getFirst().start();
    }
}
