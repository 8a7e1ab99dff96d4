package org.triplel.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.NbdClient;
import org.triplel.block.qemu.ImageLocation;
import org.triplel.replica.BaseDescription;
import org.triplel.replica.Manifest;

/**
 * The NAS as this host sees it: a folder, and in the lab also a link that the images are read through. Every call may
 * block for as long as the NAS does.
 *
 * @param folder the NAS folder
 * @param link the NBD server that exports its images by their relative paths
 */
record Nas(Path folder, Optional<Path> link) {

    /** A NAS that is away makes requests wait, as a hard mount does; QEMU wants some limit. */
    private static final Duration PATIENCE = Duration.ofDays(1);

    /** Changes may follow a renewed claim for so long. */
    static final Duration LONGEST_EPOCH = Duration.ofSeconds(10);

    private static final Pattern MANIFEST =
            Pattern.compile("([A-Za-z0-9][A-Za-z0-9_-]{0,62})/v([1-9][0-9]{0,8})\\.manifest");

    /** Every cluster's entries in tables and counters take about 1/6000 of it; and some for the tables of these. */
    private static long longestOverlay(long diskBytes) {
        return diskBytes + diskBytes / 1000 + (64L << 20);
    }

    /** Whether the folder is that of a NAS, and not an empty mount point. */
    boolean present() {
        return Files.isDirectory(folder.resolve("bases"));
    }

    /** Fails unless the folder is there and the link answers. */
    void check() throws IOException {
        requirePresent();
        if (link.isPresent()) {
            for (var base : bases().stream().limit(1).toList()) {
                openBase(base).close();
            }
        }
    }

    /** All base images that have a manifest. */
    List<BaseVersion> bases() throws IOException {
        var root = folder.resolve(".triplel/bases");
        if (!Files.exists(root)) {
            return List.of();
        }
        try (var files = Files.find(root, 2, (path, attributes) -> attributes.isRegularFile())) {
            return files.map(file -> root.relativize(file).toString())
                    .map(MANIFEST::matcher)
                    .filter(Matcher::matches)
                    .map(name -> new BaseVersion(name.group(1), Integer.parseInt(name.group(2))))
                    .sorted()
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** @throws NoSuchFileException there is no such version */
    Manifest manifest(BaseVersion base) throws IOException {
        return Manifest.read(folder.resolve(base.manifest()));
    }

    /** @throws NoSuchFileException there is none */
    BaseDescription description(BaseVersion base) throws IOException {
        return BaseDescription.read(folder.resolve(base.description()));
    }

    BlockDevice openBase(BaseVersion base) throws IOException {
        return link.isPresent()
                ? new PatientDevice(
                        "base image " + base + " on the NAS", () -> NbdClient.connect(link.get(), base.image()))
                : FileDevice.openReadOnly(folder.resolve(base.image()));
    }

    /** Where the image daemon finds an overlay. */
    ImageLocation overlay(String overlay) {
        return link.isPresent()
                ? new ImageLocation.NbdExport(link.get(), overlay, PATIENCE)
                : new ImageLocation.LocalFile(folder.resolve(overlay));
    }

    /** What tells an overlay from every other that had its name before. */
    String identity(String overlay) throws IOException {
        return overlay + ' ' + inode(overlay);
    }

    /** What tells a file from all others that there are, also when it gets another name. */
    String inode(String file) throws IOException {
        return Files.getAttribute(folder.resolve(file), "unix:ino").toString();
    }

    /**
     * Who has the newest changes of an overlay, if they are not all on the NAS.
     *
     * @throws DamagedClaimException nobody can tell any more
     */
    Optional<Claim> claim(String overlay) throws IOException {
        requirePresent();
        return lastClaim(overlay).filter(claim -> claim.state() != Claim.State.DONE);
    }

    /** Who had the newest changes of an overlay last. */
    Optional<Claim> lastClaim(String overlay) throws IOException {
        return behind(overlay).read();
    }

    private ClaimFile<Claim> behind(String overlay) {
        return new ClaimFile<>(claimFile(overlay), "log", Claim::parse);
    }

    /** Tells every host of it, for good. There is none, or it is done. */
    void claim(String overlay, Claim claim) throws IOException {
        var file = behind(overlay);
        if (file.read().filter(last -> last.state() == Claim.State.DONE).isPresent()) {
            file.remove();
        }
        file.create(claim);
    }

    /**
     * Changes a claim, for good.
     *
     * @throws IOException it is not of this log, or there is none
     */
    void changeClaim(String overlay, UUID log, UnaryOperator<Claim> change) throws IOException {
        behind(overlay).change(log, change);
    }

    /** Changes of the overlay that follow come from whom the claim names. */
    void vouch(String overlay) throws IOException {
        Files.setLastModifiedTime(claimFile(overlay), FileTime.from(Instant.now()));
    }

    /**
     * Whether the overlay was changed by somebody who has not renewed the claim before. Of both, the NAS's own clock says
     * when it was changed, and nobody can set that back.
     */
    boolean changedAfterClaim(String overlay) throws IOException {
        var claimed = changeTime(claimFile(overlay));
        return changeTime(folder.resolve(overlay)).isAfter(claimed.plus(LONGEST_EPOCH));
    }

    private static Instant changeTime(Path file) throws IOException {
        try (var _ = FileChannel.open(file, StandardOpenOption.READ)) { // NFS asks anew then
            return ((FileTime) Files.getAttribute(file, "unix:ctime")).toInstant();
        }
    }

    /**
     * Nobody asks any more for what is not on the NAS.
     *
     * @return whether somebody would have
     */
    boolean dropClaim(String overlay) throws IOException {
        boolean open;
        try {
            open = claim(overlay).isPresent();
        } catch (DamagedClaimException damaged) {
            open = true;
        }
        behind(overlay).remove();
        return open;
    }

    /** Where that is said; whoever renews it by hand vouches for the overlay. */
    Path claimFile(String overlay) {
        return folder.resolve(".triplel/behind").resolve(overlay + ".properties");
    }

    /**
     * Which host has the journal of an overlay's file system, if it is not in the overlay.
     *
     * @throws DamagedClaimException nobody can tell any more
     */
    Optional<JournalClaim> journalClaim(String overlay) throws IOException {
        requirePresent();
        return journal(overlay).read();
    }

    private ClaimFile<JournalClaim> journal(String overlay) {
        return new ClaimFile<>(journalClaimFile(overlay), "journal", JournalClaim::parse);
    }

    /**
     * Tells every host of it, for good.
     *
     * @throws FileAlreadyExistsException some host has it
     */
    void claimJournal(String overlay, JournalClaim claim) throws IOException {
        var file = journalClaimFile(overlay);
        if (Files.exists(file)) { // then the image's second name is part of it
            throw new FileAlreadyExistsException(file.toString());
        }
        keepClaimedImage(overlay);
        journal(overlay).create(claim);
    }

    private void keepClaimedImage(String overlay) throws IOException {
        var claimed = claimedImage(overlay);
        if (!isClaimedImage(overlay)) {
            Files.createDirectories(claimed.resolveSibling(""));
            Files.deleteIfExists(claimed); // left behind
            Files.createLink(claimed, folder.resolve(overlay));
        }
    }

    /** Whether the overlay is the file that was claimed: as long as that has a second name, no other can get its inode. */
    boolean isClaimedImage(String overlay) throws IOException {
        return Files.exists(claimedImage(overlay)) && Files.isSameFile(claimedImage(overlay), folder.resolve(overlay));
    }

    private Path claimedImage(String overlay) {
        return folder.resolve(".triplel/journals").resolve(overlay + ".image");
    }

    /**
     * Changes a claim, for good.
     *
     * @throws IOException it is not of this journal, or there is none
     */
    void changeJournalClaim(String overlay, JournalClaim next) throws IOException {
        journal(overlay).change(next.journal(), _ -> next);
    }

    void dropJournalClaim(String overlay) throws IOException {
        journal(overlay).remove();
        var claimed = claimedImage(overlay);
        if (Files.deleteIfExists(claimed)) { // last: the claim counts on it
            DurableProperties.force(claimed.resolveSibling(""));
        }
    }

    /** Where that is said. */
    Path journalClaimFile(String overlay) {
        return folder.resolve(".triplel/journals").resolve(overlay + ".properties");
    }

    /** Changes whenever anyone changes the overlay, in whatever way. All that this host wrote is on the NAS before. */
    String state(String overlay) throws IOException {
        return settled(overlay, "ino", "size", "lastModifiedTime", "ctime");
    }

    /** Changes whenever anyone writes to the overlay, but not with its names, owner or mode. */
    String content(String overlay) throws IOException {
        return settled(overlay, "ino", "size", "lastModifiedTime");
    }

    private String settled(String overlay, String... names) throws IOException {
        var file = folder.resolve(overlay);
        try (var opened =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) { // NFS asks anew then
            opened.force(true);
            return attributes(file, names);
        }
    }

    private static String attributes(Path file, String... names) throws IOException {
        var attributes = Files.readAttributes(file, "unix:" + String.join(",", names));
        return Stream.of(names).map(name -> name + '=' + attributes.get(name)).collect(Collectors.joining(" "));
    }

    /** Told of an overlay before there is anything of it, and again before it gets its name. */
    interface Notice {
        void of(NewOverlay created) throws IOException;
    }

    /**
     * Creates an empty overlay, with the base image in its header, so that QEMU alone can use it as well.
     *
     * @throws FileAlreadyExistsException there is one
     */
    void createOverlay(String overlay, BaseVersion base, long diskBytes) throws IOException {
        createOverlay(overlay, base, diskBytes, created -> {});
    }

    /** The same, and somebody is told of each thing before it is there. */
    void createOverlay(String overlay, BaseVersion base, long diskBytes, Notice notice) throws IOException {
        requirePresent();
        var file = folder.resolve(overlay);
        if (Files.exists(file)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        Files.createDirectories(folder.resolve("vms"));
        var unfinished = overlay + '.' + UUID.randomUUID() + ".new";
        var created = folder.resolve(unfinished);
        notice.of(new NewOverlay(overlay, unfinished, ""));
        try {
            qemuImgCreate(created, base, diskBytes);
            if (link.isPresent()) {
                lengthen(created, longestOverlay(diskBytes));
            }
            try (var content = FileChannel.open(created, StandardOpenOption.WRITE)) {
                content.force(true);
            }
            notice.of(new NewOverlay(overlay, unfinished, unwritten(created)));
            name(created, file);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(created);
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        Files.deleteIfExists(created);
    }

    /** Removes what there is of an overlay that was created, unless somebody has written to it since. */
    void remove(NewOverlay created) throws IOException {
        requirePresent();
        Files.deleteIfExists(folder.resolve(created.unfinished()));
        var file = folder.resolve(created.overlay());
        if (Files.exists(file) && unwritten(file).equals(created.identity())) {
            Files.delete(file);
        }
    }

    /** @throws NoSuchFileException the folder is not that of a NAS */
    void requirePresent() throws NoSuchFileException {
        if (!present()) {
            throw new NoSuchFileException(folder.resolve("bases").toString());
        }
    }

    /** What tells an overlay from every other file, as long as nobody writes to it. */
    String unwritten(String overlay) throws IOException {
        return unwritten(folder.resolve(overlay));
    }

    /** Stays the same when a file gets another name, but not when somebody writes to it. */
    private static String unwritten(Path file) throws IOException {
        return attributes(file, "ino", "size", "lastModifiedTime");
    }

    /**
     * Gives a finished file its name, if no other has it: of several hosts that do this at once one succeeds, since a link
     * replaces nothing, unlike a rename. On NFS a repeated request may be refused although the first one was carried out.
     */
    static void name(Path created, Path file) throws IOException {
        try {
            Files.createLink(file, created);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isSameFile(created, file)) {
                throw e;
            }
        }
    }

    private static void qemuImgCreate(Path file, BaseVersion base, long diskBytes) throws IOException {
        var said = QemuImg.run(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                "cluster_size=65536,lazy_refcounts=off",
                "-F",
                "raw",
                "-b",
                "../" + base.image(),
                file.toString(),
                Long.toString(diskBytes));
        if (said.isPresent()) {
            throw new IOException(said.get());
        }
    }

    /** An NBD export does not grow, so the file is as long as it can ever get from the start; it stays sparse. */
    private static void lengthen(Path file, long bytes) throws IOException {
        try (var content = new java.io.RandomAccessFile(file.toFile(), "rw")) {
            content.setLength(Math.max(content.length(), bytes));
        }
    }

    void deleteOverlay(String overlay) throws IOException {
        requirePresent();
        Files.deleteIfExists(folder.resolve(overlay));
    }

    /**
     * What speaks against doing away with the overlay, or empty: QEMU on another host may have it open, which its locks tell as
     * far as the NAS passes them on. This host has closed it.
     */
    Optional<String> inUse(String overlay) throws IOException {
        var file = folder.resolve(overlay);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        var said = QemuImg.run("info", "-f", "qcow2", file.toString());
        return said.filter(text -> text.contains("lock"));
    }

    /** For people to read. */
    @Override
    public String toString() {
        return link.map(socket -> folder + " through " + socket).orElse(folder.toString());
    }
}
