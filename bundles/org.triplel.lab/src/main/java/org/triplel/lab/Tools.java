package org.triplel.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The programs of other packages that the lab runs.
 *
 * @param folders where they are looked for, in this order
 */
record Tools(List<Path> folders) {

    /** Programs that build the guest's image, with the Debian package of each. */
    static final Map<String, String> IMAGE = Map.of(
            "apt-get", "apt",
            "dpkg-deb", "dpkg",
            "fakeroot", "fakeroot",
            "mke2fs", "e2fsprogs",
            "sfdisk", "fdisk",
            "mkswap", "util-linux",
            "cpio", "cpio",
            "depmod", "kmod");

    /** Programs that run the lab, with the Debian package of each. */
    static final Map<String, String> RUN = Map.of(
            "libvirtd", "libvirt-daemon",
            "qemu-system-x86_64", "qemu-system-x86",
            "qemu-storage-daemon", "qemu-system-x86",
            "qemu-img", "qemu-utils",
            "setsid", "util-linux",
            "setpriv", "util-linux");

    /** The folders of PATH, and those of administrators' programs, which an ordinary user's PATH lacks. */
    static Tools ofSystem() {
        var path =
                Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).filter(folder -> !folder.isEmpty());
        return new Tools(Stream.concat(path, Stream.of("/usr/sbin", "/sbin", "/usr/bin", "/bin"))
                .distinct()
                .map(Path::of)
                .toList());
    }

    /** Fails with one message that names everything missing. */
    void require(Map<String, String> packages) throws LabException {
        var missing = new TreeMap<>(packages);
        missing.keySet().removeIf(this::has);
        if (missing.isEmpty()) {
            return;
        }
        var install = missing.values().stream().distinct().sorted().collect(Collectors.joining(" "));
        throw new LabException(
                "Not installed: " + String.join(", ", missing.keySet()) + ".",
                "Install: sudo apt-get install --no-install-recommends " + install);
    }

    /** The environment variable PATH for children. */
    String path() {
        return folders.stream().map(Path::toString).collect(Collectors.joining(":"));
    }

    private boolean has(String program) {
        return folders.stream().anyMatch(folder -> Files.isExecutable(folder.resolve(program)));
    }

    @Override
    public String toString() {
        return Arrays.toString(folders.toArray());
    }
}
