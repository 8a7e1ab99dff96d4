package org.triplel.appliance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;

/** A folder for one appliance. What processes have left that are no more is removed when the next one is made. */
final class WorkFolder implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(WorkFolder.class.getName());

    private static final String NAME = "triplel-appliance-";

    private final Path folder;

    /** @param parent for temporary files; others may have theirs there */
    WorkFolder(Path parent) throws IOException {
        this.folder = Files.createTempDirectory(
                parent,
                NAME + ProcessHandle.current().pid() + "-",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try (var others = Files.newDirectoryStream(parent, NAME + "*")) {
            others.forEach(other -> removeIfLeft(other, parent.relativize(other).toString()));
        } catch (IOException | UncheckedIOException e) {
            LOG.log(Level.WARNING, "look for what was left in " + parent, e);
        }
    }

    Path path() {
        return folder;
    }

    /** Only in a folder of our own nobody else can lay a link to what is to stay. */
    private void removeIfLeft(Path other, String name) {
        try {
            if (isLeft(name)
                    && Files.isDirectory(other, LinkOption.NOFOLLOW_LINKS)
                    && Files.getOwner(other, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(folder))) {
                delete(other);
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.log(Level.WARNING, "remove " + other, e);
        }
    }

    private static boolean isLeft(String name) {
        var pid = name.substring(NAME.length()).replaceAll("-.*", "");
        return pid.matches("\\d{1,18}") && ProcessHandle.of(Long.parseLong(pid)).isEmpty();
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** What was done in it is done, whether it can be removed or not. */
    @Override
    public void close() {
        try {
            delete(folder);
        } catch (IOException | UncheckedIOException e) {
            LOG.log(Level.WARNING, "remove " + folder, e);
        }
    }
}
