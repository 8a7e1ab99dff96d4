package org.triplel.block;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A listening unix socket as the file system sees it. It is private to its owner (mode 0600) from the moment it is
 * visible; when root creates it, it belongs to the owner of the folder it lies in, so that QEMU as another user can use it.
 */
public final class SocketFile {

    /** Linux allows 107 bytes (man 7 unix); the rest is room for the name under which the socket is made. */
    private static final int MAX_PATH_BYTES = 100;

    /** Makes a socket listen at a path. */
    @FunctionalInterface
    public interface Binding {
        void bind(Path path) throws IOException;
    }

    private final Path path;
    private final Object identity;

    /**
     * Binds a socket. What a dead server left at {@code path} is replaced.
     *
     * @param binding gets another path: a socket that is not private yet is not to be found
     * @throws ConnectException if it cannot be found out whether a server listens there
     * @throws BindException if a living server listens there
     * @throws FileAlreadyExistsException if something else than a socket lies there
     */
    public SocketFile(Path path, Binding binding) throws IOException {
        this.path = path.toAbsolutePath();
        refuseIfInUse(this.path);
        var folder = this.path.getParent();
        if (folder == null) {
            throw new FileSystemException(this.path.toString(), null, "a socket needs a name below a folder");
        }
        var hidden = folder.resolve(this.path.getFileName() + ".new");
        Files.deleteIfExists(hidden);
        checkLength(this.path);
        try {
            binding.bind(hidden);
            Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("rw-------"));
            if ("root".equals(Files.getOwner(hidden).getName())) {
                Files.setOwner(hidden, Files.getOwner(folder));
            }
            identity = identity(hidden);
            Files.move(hidden, this.path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(hidden);
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    /** Removes the file, unless another server has replaced it meanwhile. */
    public void remove() throws IOException {
        try {
            if (identity.equals(identity(path))) {
                Files.deleteIfExists(path);
            }
        } catch (NoSuchFileException gone) {
            // someone has cleaned up before us
        }
    }

    /** Returns the absolute path, if the system can use it as the address of a socket. */
    public static Path checkLength(Path path) throws FileSystemException {
        var absolute = path.toAbsolutePath();
        int length = absolute.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length >= MAX_PATH_BYTES) {
            throw new FileSystemException(
                    absolute.toString(),
                    null,
                    "the path of a unix socket must be shorter than " + MAX_PATH_BYTES + " bytes, this one has "
                            + length + "; choose a shorter folder");
        }
        return absolute;
    }

    private static Object identity(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    private static void refuseIfInUse(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        var attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isOther()) {
            throw new FileAlreadyExistsException(
                    path.toString(), null, "not a socket; remove it or choose another path");
        }
        try (var _ = UnixSocket.connect(path)) {
            throw new BindException("Another server listens on " + path + ". Stop it first, or choose another path.");
        } catch (ConnectException failure) {
            if (!(failure.getCause() instanceof ConnectException)) {
                throw failure; // not refused, so it may live: we may not even be allowed to ask
            }
        }
    }
}
