package org.triplel.agent;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.triplel.agent.api.Exposure;
import org.triplel.block.FileDevice;
import org.triplel.guest.JournalDevice;
import org.triplel.router.DiskMetrics;
import org.triplel.router.RequestClass;
import org.triplel.router.SetAside;

/**
 * The files that are the VMs' journal disks, and their swap disks.
 *
 * @param folder on a disk of this host
 */
record JournalDiskFiles(Path folder) {

    /** The name under which QEMU finds a journal disk. */
    static String journalExport(String vm) {
        return vm + "/vdb";
    }

    /** The name under which QEMU finds a swap disk. */
    static String swapExport(String vm) {
        return vm + "/vdc";
    }

    private Path journal(String vm) {
        return folder.resolve(vm + ".journal-disk");
    }

    private Path swap(String vm) {
        return folder.resolve(vm + ".swap-disk");
    }

    /** Makes those that are noted anew; nobody uses what there is of them. */
    void make(JournalDiskNote note) throws HostDiskException {
        make(note.vm(), note.journal(), note.swap());
    }

    /**
     * Makes the swap disk anew if it is missing: once the guest is off, nobody needs what was on it.
     *
     * @return whether it was
     */
    boolean renewSwap(JournalDiskNote note) throws HostDiskException {
        if (note.swap().isEmpty() || Files.exists(swap(note.vm()))) {
            return false;
        }
        make(note.vm(), Optional.empty(), note.swap());
        return true;
    }

    private void make(String vm, Optional<JournalDiskNote.Journal> journal, Optional<JournalDiskNote.Swap> swap)
            throws HostDiskException {
        var made = new ArrayList<Path>();
        try {
            if (journal.isPresent()) {
                refuseIfFull(journal(vm));
                Files.deleteIfExists(journal(vm));
                made.add(create(journal(vm)));
                fill(journal(vm), journal.get().mebibytes());
            }
            Files.deleteIfExists(swap(vm));
            if (swap.isPresent()) {
                made.add(create(swap(vm)));
                fill(swap(vm), swap.get().mebibytes());
                makeSwapArea(swap(vm), swap.get().id());
            }
            DurableProperties.force(folder);
        } catch (IOException e) {
            for (var each : made) {
                delete(each, e);
            }
            throw new HostDiskException(e);
        }
    }

    /** What was left behind goes, unless a file system may lack what it has. */
    private static void refuseIfFull(Path journal) throws IOException {
        if (Files.exists(journal)) {
            try (var left = FileDevice.openReadOnly(journal)) {
                if (JournalDevice.look(left.size(), left::read).isPresent()) {
                    throw new IOException(journal + " is a journal that is not in place yet, and nothing tells whose;"
                            + " move it away if nobody needs it");
                }
            }
        }
    }

    private static Path create(Path file) throws IOException {
        return Files.createFile(
                file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /** With all its space, for later it would be too late to miss it. */
    private static void fill(Path file, int mebibytes) throws IOException {
        try (var sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength((long) mebibytes << 20);
        }
        try (var disk = FileDevice.open(file)) {
            disk.writeZeroes(0, disk.size(), true);
            disk.flush();
        }
    }

    /** In a shell, for whoever runs the agent may not have administrators' programs on the path. */
    private static void makeSwapArea(Path file, UUID id) throws IOException {
        var mkswap = new ProcessBuilder(
                        "sh",
                        "-c",
                        "PATH=\"$PATH:/usr/sbin:/sbin\" exec mkswap -q -U \"$1\" \"$2\"",
                        "mkswap",
                        id.toString(),
                        file.toString())
                .redirectErrorStream(true)
                .start();
        try (var output = mkswap.getInputStream()) {
            var said = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
            if (mkswap.waitFor() != 0) {
                throw new IOException("no swap area can be made in " + file + ": " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("making a swap area in " + file + " was interrupted", e);
        } finally {
            mkswap.destroyForcibly();
        }
    }

    private static void delete(Path file, IOException cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException left) {
            cause.addSuppressed(left);
        }
    }

    /** Removes what there is of a VM's. */
    void remove(String vm) throws HostDiskException {
        try {
            Files.deleteIfExists(journal(vm));
            Files.deleteIfExists(swap(vm));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }

    /** Opens the disks that a VM has here. */
    List<LocalDisk> open(JournalDiskNote note, DiskMetrics metrics, LocalDisk.Alarm alarm) throws IOException {
        var vm = note.vm();
        var opened = new ArrayList<LocalDisk>();
        try {
            if (note.journal().isPresent()) {
                opened.add(new LocalDisk(
                        journalExport(vm), FileDevice.open(journal(vm)), RequestClass.JOURNAL, metrics, alarm));
            }
            if (note.swap().isPresent()) {
                opened.add(new LocalDisk(
                        swapExport(vm),
                        FileDevice.open(swap(vm)),
                        RequestClass.SWAP,
                        metrics,
                        () -> {})); // nobody needs it after a crash
            }
            return opened;
        } catch (IOException e) {
            for (var each : opened) {
                each.close();
            }
            throw e;
        }
    }

    boolean hasJournal(String vm) {
        return Files.isRegularFile(journal(vm));
    }

    /** What of a VM that is off is in its journal only, at most. */
    Exposure exposure(String vm) {
        try (var file = FileDevice.openReadOnly(journal(vm))) {
            return LocalDisk.exposure(file, 0);
        } catch (IOException missing) { // whoever uses it will say so
            return Exposure.NONE;
        }
    }

    /** What a journal says of itself. */
    boolean isJournal(String vm, UUID id) throws HostDiskException {
        try (var file = FileDevice.openReadOnly(journal(vm))) {
            return JournalDevice.uuid(file.size(), file::read).equals(Optional.of(id));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }

    /** Outlives a power cut from now on, as what was written does already. */
    FileTime lastModified(String vm) throws HostDiskException {
        try (var opened = FileChannel.open(journal(vm), StandardOpenOption.WRITE)) {
            opened.force(true);
            return Files.getLastModifiedTime(journal(vm));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }

    /** Keeps what there is of a VM's journal under another name, which is returned; what it has swapped goes. */
    Optional<Path> setAside(String vm) throws HostDiskException {
        try {
            Files.deleteIfExists(swap(vm));
            if (!hasJournal(vm)) {
                return Optional.empty();
            }
            var kept = SetAside.move(journal(vm));
            DurableProperties.force(folder);
            return Optional.of(kept);
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }
}
