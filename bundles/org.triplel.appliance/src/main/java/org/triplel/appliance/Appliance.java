package org.triplel.appliance;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A virtual machine for one piece of work: it has the tools of this host, a kernel and disks, no network, and ends by itself.
 * It ends, too, when its disks do.
 */
final class Appliance {

    static final int SECTOR = 512;

    private static final List<String> PARTS = List.of("pack.sh", "init", "journal-disk", "fstab");

    /** e2fsck may have terabytes to look at. */
    private static final long LONGEST_HOURS = 12;

    /** The disk has a say in how much is told. */
    private static final int LONGEST_WORDS = 64 << 10;

    /** How it ended stands at the end; more would not fit into a dialog. */
    private static final int LAST_LINES = 20;

    private static final Path KVM = Path.of("/dev/kvm");

    private static final int ROOT = 0;

    private static final int REFUSED_INSIDE = 20;
    private static final int REFUSED_ON_THE_DISK = 21;
    private static final int REFUSED_UNKNOWN = 22;
    private static final int REFUSED_WITHOUT_JOURNAL = 23;
    private static final int DONE_WITHOUT_FSTAB = 30;

    private final Machine machine;
    private final Cancellation cancellation;

    Appliance(Machine machine, Cancellation cancellation) {
        this.machine = machine;
        this.cancellation = cancellation;
    }

    /**
     * How the work ended.
     *
     * @param status its exit status
     * @param said what was told
     */
    record Outcome(int status, String said) {

        /**
         * Whether {@code journal-disk} has done all, and not all but what concerns /etc/fstab.
         *
         * @throws RefusedException it has refused
         * @throws IOException it has failed
         */
        boolean done() throws IOException {
            return switch (status) {
                case 0 -> true;
                case DONE_WITHOUT_FSTAB -> false;
                case REFUSED_INSIDE -> throw new RefusedException(said, JournalPlace.INSIDE);
                case REFUSED_ON_THE_DISK -> throw new RefusedException(said, JournalPlace.ON_THE_DISK);
                case REFUSED_WITHOUT_JOURNAL -> throw new RefusedException(said, JournalPlace.NONE);
                case REFUSED_UNKNOWN -> throw new RefusedException(said, JournalPlace.UNKNOWN);
                default -> throw new IOException("it ended in the middle, with " + status + ": " + said);
            };
        }
    }

    /**
     * Returns when the work is done and the machine is gone.
     *
     * @param disks become /dev/vda, /dev/vdb and so on
     * @param work the arguments of {@code journal-disk}
     * @throws IOException the machine cannot be run, or did not say how the work ended, which may be in the middle then
     */
    Outcome run(List<NbdDisk> disks, String work) throws IOException, InterruptedException {
        try (var workFolder = new WorkFolder(Path.of(System.getProperty("java.io.tmpdir")))) {
            var folder = workFolder.path();
            var end = UUID.randomUUID().toString(); // so that nothing on the disk can say it
            var initrd = pack(folder);
            var kernel = Files.copy(machine.kernel(), folder.resolve("kernel"));
            open(folder, initrd, kernel);
            var said = run(qemu(disks, work, end, kernel, initrd), folder);
            int at = said.lastIndexOf(end);
            if (at < 0) {
                throw new IOException("the appliance did not come to its end: " + readable(said));
            }
            return new Outcome(status(said.substring(at + end.length())), readable(said.substring(0, at)));
        }
    }

    /** QEMU's user may read what it needs, and change nothing. */
    private static void open(Path folder, Path... parts) throws IOException {
        for (var part : parts) {
            Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("r--r--r--"));
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    }

    private static int status(String after) throws IOException {
        try {
            return Integer.parseInt(after.lines().findFirst().orElse("").strip());
        } catch (NumberFormatException e) {
            throw new IOException("the appliance did not say how it ended", e);
        }
    }

    private Path pack(Path folder) throws IOException, InterruptedException {
        var parts = Files.createDirectory(folder.resolve("parts"));
        for (var part : PARTS) {
            try (var content = Appliance.class.getResourceAsStream(part)) {
                if (content == null) {
                    throw new IOException("the appliance's part " + part + " is missing from the program");
                }
                Files.copy(content, parts.resolve(part));
            }
        }
        var result = folder.resolve("initrd");
        var script = outcome(
                List.of(
                        "sh",
                        parts.resolve("pack.sh").toString(),
                        parts.toString(),
                        machine.initrd().toString(),
                        result.toString()),
                folder);
        if (script.status() != 0) {
            throw new IOException("the appliance cannot be made: " + script.said());
        }
        return result;
    }

    private List<String> qemu(List<NbdDisk> disks, String work, String end, Path kernel, Path initrd) {
        var command = new ArrayList<>(List.of(
                "qemu-system-x86_64",
                "-machine",
                machine.kvm() ? "q35,accel=kvm" : "q35,accel=tcg",
                "-cpu",
                machine.kvm() ? "host" : "qemu64",
                "-m",
                Integer.toString(machine.memoryMiB()),
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
                "-serial",
                "stdio"));
        for (int i = 0; i < disks.size(); i++) {
            var name = "disk" + i;
            command.addAll(List.of("-blockdev", disks.get(i).node(name).toString()));
            command.addAll(List.of("-device", "virtio-blk-pci,drive=" + name));
        }
        command.addAll(List.of(
                "-kernel",
                kernel.toString(),
                "-initrd",
                initrd.toString(),
                "-append",
                "console=ttyS0 quiet panic=-1 rdinit=/triplel/init PATH=/triplel/bin LD_LIBRARY_PATH=/triplel/lib"
                        + " triplel_end=" + end + " triplel_work=\"" + work + "\""));
        return command;
    }

    String run(List<String> command, Path folder) throws IOException, InterruptedException {
        var qemu = cancellation.start(() -> start(command, folder));
        try {
            endAfter(LONGEST_HOURS, TimeUnit.HOURS, qemu);
            return words(qemu);
        } finally {
            qemu.destroyForcibly().waitFor();
            cancellation.ended(qemu);
        }
    }

    /** Nothing is kept of a process that ends before. */
    static void endAfter(long time, TimeUnit unit, Process process) {
        process.onExit().orTimeout(time, unit).exceptionally(_ -> {
            process.toHandle().destroyForcibly(); // which lets its last words be read
            return process;
        });
    }

    /**
     * Ends with the thread that starts it, and so with this process, however that ends: QEMU would connect again to whoever
     * serves the disks next, and nobody would know. The kernel in it mounts what a hostile guest has left, so whoever breaks out
     * of it must not find himself root.
     */
    Process start(List<String> command, Path folder) throws IOException, InterruptedException {
        var bound = new ArrayList<>(List.of("setpriv", "--no-new-privs", "--pdeathsig", "KILL"));
        if (!Files.getOwner(folder).getName().equals(machine.user())) { // who has made it is the user of this process
            bound.addAll(List.of(
                    "--reuid",
                    machine.user(),
                    "--regid",
                    id("-g", folder),
                    "--groups",
                    groups(folder),
                    "--inh-caps=-all"));
        }
        bound.add("--");
        bound.addAll(command);
        return process(bound, folder).start();
    }

    /** Those of the user, and the one that may use KVM, unless that is root's. */
    private String groups(Path folder) throws IOException, InterruptedException {
        var groups = id("-G", folder).replace(' ', ',');
        if (!machine.kvm()) {
            return groups;
        }
        int ofKvm = (Integer) Files.getAttribute(KVM, "unix:gid");
        return ofKvm == ROOT ? groups : groups + "," + ofKvm;
    }

    private String id(String option, Path folder) throws IOException, InterruptedException {
        var id = outcome(List.of("id", option, machine.user()), folder);
        if (id.status() != 0) {
            throw new IOException("the groups of the user that QEMU is to run as are not known: " + id.said());
        }
        return id.said();
    }

    /** Runs a program to its end, which comes at once if this is interrupted. */
    static Outcome outcome(List<String> command, Path folder) throws IOException, InterruptedException {
        var process = process(command, folder).start();
        try {
            var said = words(process).strip();
            return new Outcome(process.waitFor(), said);
        } finally {
            process.destroyForcibly();
        }
    }

    private static ProcessBuilder process(List<String> command, Path folder) {
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true);
    }

    /** All of it is read, and the last of it is kept. */
    private static String words(Process process) throws IOException {
        try (var output = process.getInputStream()) {
            var said = new StringBuilder();
            var piece = new byte[LONGEST_WORDS];
            for (int read = output.read(piece); read >= 0; read = output.read(piece)) {
                said.append(new String(piece, 0, read, StandardCharsets.ISO_8859_1));
                said.delete(0, Math.max(0, said.length() - LONGEST_WORDS));
            }
            return said.toString();
        }
    }

    /** The guest has a say in what is told, and somebody's terminal may show it. */
    private static String readable(String said) {
        var lines = said.replace("\r", "")
                .replaceAll("[\\p{Cc}&&[^\n]]", "?")
                .strip()
                .lines()
                .toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    }
}
