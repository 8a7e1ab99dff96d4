package org.triplel.router;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.DiskReader;
import org.triplel.guest.Journal;
import org.triplel.guest.Limits;
import org.triplel.guest.SemanticMap;

/** A small disk with a file system that has a journal, as mke2fs makes it. */
record FileSystemImage(byte[] content) {

    /** mke2fs makes no journal on less. */
    static final int BYTES = 10 << 20;

    static FileSystemImage make(Path folder, String... options) throws Exception {
        var image = folder.resolve("fs.raw");
        Files.write(image, new byte[BYTES]);
        var command = new ArrayList<>(List.of("mke2fs", "-q", "-F"));
        command.addAll(List.of(options));
        if (!command.contains("journal_dev")) {
            command.addAll(List.of("-t", "ext4", "-J", "size=4"));
        }
        command.add(image.toString());
        if (run(command.toArray(String[]::new)) != 0) {
            throw new AssertionError(command + " fails");
        }
        byte[] content = Files.readAllBytes(image);
        Files.delete(image);
        return new FileSystemImage(content);
    }

    /** The same with a transaction in its journal that is committed and not checkpointed; of four blocks. */
    FileSystemImage committed(Path folder) throws Exception {
        var image = Files.write(folder.resolve("committed.raw"), content);
        var data = Files.write(folder.resolve("committed.data"), new byte[4 * 4096]);
        var script = Files.writeString(
                folder.resolve("committed.debugfs"), "jo\njw -b 1500,1501,1502,1503 " + data + "\njc\n");
        if (run("debugfs", "-w", "-f", script.toString(), image.toString()) != 0) {
            throw new AssertionError("debugfs fails");
        }
        return new FileSystemImage(Files.readAllBytes(image));
    }

    /** Smaller than is good for users, and in sectors that Log-Split could take. */
    static FileSystemImage makeXfs(Path folder) throws Exception {
        var image = folder.resolve("fs.raw");
        Files.write(image, new byte[24 << 20]);
        if (run("mkfs.xfs", "-q", "--unsupported", "-s", "size=4096", image.toString()) != 0) {
            throw new AssertionError("mkfs.xfs fails");
        }
        byte[] content = Files.readAllBytes(image);
        Files.delete(image);
        return new FileSystemImage(content);
    }

    /** Ends with the tool's status. */
    static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start()
                .waitFor();
    }

    /** What e2fsck says of a disk. */
    static int check(Path folder, byte[] disk, String option) throws Exception {
        var image = Files.write(Files.createTempFile(folder, "check", ".raw"), disk);
        try {
            return run("e2fsck", option, image.toString());
        } finally {
            Files.delete(image);
        }
    }

    static SemanticMap look(byte[] disk) throws IOException {
        DiskReader reader = (offset, into) -> into.put(disk, (int) offset, into.remaining());
        return new DiskInspector(Limits.RANGES).inspect(disk.length, reader);
    }

    Journal journal() throws IOException {
        return look(content).journals().getFirst();
    }
}
