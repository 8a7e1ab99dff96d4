package org.triplel.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;

/**
 * Where a lab lies: in a folder with a short path, because a unix socket's path has at most 107 bytes.
 *
 * @param all the folder with all labs of the user
 * @param name the lab's name
 * @param cache what all labs of the user share
 */
record LabFolders(Path all, String name, Path cache) {

    private static final Path LABS = Path.of("/var/tmp");
    private static final Path CACHES = Path.of("/var/cache");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,19}");

    /** The folders of the lab of this name that belongs to the present user. */
    static LabFolders of(String name) throws LabException {
        if (!NAME.matcher(name).matches()) {
            throw new LabException(
                    "\"" + name + "\" is no name of a lab.", "Use 1 to 20 letters, digits, '-' and '_'.");
        }
        return new LabFolders(LABS.resolve("triplel-" + HypervisorUser.currentUid()), name, sharedCache());
    }

    /** What all labs of the present user share. */
    static Path sharedCache() {
        if (HypervisorUser.currentUid() == 0) {
            return CACHES.resolve("triplel");
        }
        var xdg = System.getenv("XDG_CACHE_HOME");
        var caches = xdg == null || xdg.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
        return caches.resolve("triplel");
    }

    /**
     * Creates the folder in which the user's labs lie. It lies in one that is open to everyone, so one that another user
     * has put there is refused.
     */
    void createAll() throws LabException, IOException {
        if (!Files.exists(all, LinkOption.NOFOLLOW_LINKS)) {
            createPassable(all);
        }
        exist();
    }

    /**
     * Whether the lab's folder is there. One that another user has put there is refused, because what is on record in it
     * would be obeyed.
     */
    boolean exist() throws LabException, IOException {
        return isMine(all) && isMine(instance());
    }

    private static boolean isMine(Path folder) throws LabException, IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        var me = HypervisorUser.currentUid();
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                || !Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                        .equals(me)) {
            throw new LabException(
                    folder + " is no folder that belongs to you.", "Have it removed by its owner or by root.");
        }
        return true;
    }

    /** Creates the folder and what belongs into it, as far as it is not there. */
    void create(HypervisorUser user) throws LabException, IOException {
        createPassable(instance());
        createPrivate(log());
        createPrivate(processes());
        createPassable(nas());
        createPassable(nas().resolve("boot"));
        for (var folder : new String[] {"bases", "vms"}) {
            createPrivate(nas().resolve(folder));
        }
        for (var client : ClientFolders.NAMES) {
            client(client).create(user);
        }
    }

    /** The lab's own folder. */
    Path instance() {
        return all.resolve(name);
    }

    /** Held by whoever starts, stops or removes the lab. */
    Path lock() {
        return all.resolve(name + ".lock");
    }

    Path nas() {
        return instance().resolve("nas");
    }

    Path nasConfig() {
        return instance().resolve("nas.properties");
    }

    Path nasSocket() {
        return instance().resolve("nas.sock");
    }

    Path nasControl() {
        return instance().resolve("nas-control.sock");
    }

    Path log() {
        return instance().resolve("log");
    }

    Path log(String role) {
        return log().resolve(role + ".log");
    }

    Path processes() {
        return instance().resolve("processes");
    }

    ClientFolders client(String name) {
        return new ClientFolders(name, instance().resolve(name));
    }

    static void createPrivate(Path folder) throws LabException, IOException {
        create(folder, "rwx------");
    }

    /** The hypervisor's user may pass through, and reach what is open to it. */
    static void createPassable(Path folder) throws LabException, IOException {
        create(folder, "rwx--x--x");
    }

    private static void create(Path folder, String permissions) throws LabException, IOException {
        if (Files.isSymbolicLink(folder)) {
            throw new LabException(folder + " is a symbolic link where a folder belongs.", "Remove it.");
        }
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(folder);
        }
        permit(folder, permissions);
    }

    /** Never through a link, not even through one that appears at this moment. */
    static void permit(Path file, String permissions) throws IOException {
        Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .setPermissions(PosixFilePermissions.fromString(permissions));
    }
}
