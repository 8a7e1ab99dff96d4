package org.triplel.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Who runs libvirt and the guests. A libvirtd that runs as root is always the system's one, so a lab of root runs its
 * own as an unprivileged user; any other user's lab runs them as that user.
 *
 * @param uid the user's number
 * @param change what is put before a command so that it runs as this user
 * @param name the user's name, where it is not the lab's own user
 */
record HypervisorUser(int uid, List<String> change, Optional<String> name) {

    private static final int ROOT = 0;
    private static final int NOBODY = 65534;

    static HypervisorUser current() {
        int uid = currentUid();
        if (uid != ROOT) {
            return new HypervisorUser(uid, List.of(), Optional.empty());
        }
        var id = Integer.toString(NOBODY);
        return new HypervisorUser(
                NOBODY,
                List.of("setpriv", "--reuid=" + id, "--regid=" + id, groups(), "--inh-caps=-all"),
                Optional.of("nobody"));
    }

    /** Of all groups only the one that may use KVM, unless that is root's. */
    private static String groups() {
        try {
            int group = (Integer) Files.getAttribute(KvmProbe.DEVICE, "unix:gid");
            return group == ROOT ? "--clear-groups" : "--groups=" + group;
        } catch (IOException e) {
            return "--clear-groups"; // there is no KVM
        }
    }

    /** The number of the user that this process runs as. */
    static int currentUid() {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new UncheckedIOException("Linux mounts /proc", e);
        }
    }

    /** {@code command} as this user. */
    List<String> command(List<String> command) {
        return Stream.concat(change.stream(), command.stream()).toList();
    }

    /** Makes the folder belong to this user; a link itself, not what it leads to. */
    void own(Path folder) throws IOException {
        if (name.isPresent()) {
            var owner = folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(name.get());
            Files.getFileAttributeView(folder, FileOwnerAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .setOwner(owner);
        }
    }
}
