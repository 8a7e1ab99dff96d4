package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The root file system of a guest as it is on the NAS, read by QEMU's and e2fsprogs' tools.
 *
 * @param partition a copy of it
 */
record RootFileSystem(Path partition) {

    private static final Duration LONG = Duration.ofMinutes(4);

    /** Each file is written, synced and renamed. */
    private static final String WORK =
            "mkdir -p /srv/%1$s && cd /srv/%1$s && i=0; while [ $i -lt 60 ]; do i=$((i + 1));"
                    + " head -c 5000 /dev/urandom > new && sync new && mv new file-$i && sync . || exit 1; done;"
                    + " sha256sum file-*";

    /** Has a guest write files that it syncs; returns their sums. */
    static String work(Guest guest, String folder) throws Exception {
        return guest.run(WORK.formatted(folder), LONG);
    }

    /** @param folder gets the copy */
    static RootFileSystem onTheNas(World world, String vm, Path folder) throws Exception {
        return of(world.nas().resolve("vms/" + vm + ".qcow2"), folder);
    }

    /** @param folder gets the copy */
    static RootFileSystem of(Path overlay, Path folder) throws Exception {
        var raw = folder.resolve("disk.raw");
        Tool.run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", overlay.toString(), raw.toString());
        var partition = folder.resolve("partition");
        Tool.run("dd", "if=" + raw, "of=" + partition, "bs=1M", "skip=1", "count=895", "status=none");
        Files.delete(raw);
        return new RootFileSystem(partition);
    }

    /** Returns its exit status. */
    int e2fsck(String... options) throws Exception {
        var command = new String[options.length + 2];
        command[0] = "e2fsck";
        System.arraycopy(options, 0, command, 1, options.length);
        command[command.length - 1] = partition.toString();
        return Tool.run(LONG, command).status();
    }

    /** Fails unless all files are there that {@link #work} told of. */
    void assertHas(String folder, String sums) throws Exception {
        var found = partition.resolveSibling("found");
        for (var line : sums.lines().toList()) {
            var name = line.substring(66);
            Tool.run("debugfs", "-R", "dump /srv/" + folder + "/" + name + " " + found, partition.toString());
            assertEquals(
                    line.substring(0, 64),
                    Tool.run("sha256sum", found.toString()).substring(0, 64),
                    name);
        }
    }
}
