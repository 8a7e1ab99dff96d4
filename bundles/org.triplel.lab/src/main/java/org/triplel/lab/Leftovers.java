package org.triplel.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.triplel.block.qemu.DaemonState;
import org.triplel.block.qemu.ProcessIdentity;

/** Finds the processes that libvirt and the agent of a NAS client started, whether those two still live or not. */
record Leftovers(ClientFolders folders, HypervisorUser user) {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Ends the guests' QEMU processes. */
    void endGuests() throws IOException {
        for (var file : files(folders.qemuProcesses())) {
            var process = holder(file);
            if (process.isPresent() && isGuest(process.get())) {
                end("QEMU of " + file, process.get());
            }
        }
    }

    /** Ends the image daemons; each flushes its image first, as long as the NAS answers. */
    void endImageDaemons() throws IOException {
        for (var file : files(folders.imageDaemons())) {
            var state = DaemonState.read(file);
            if (state.isPresent()) {
                end("image daemon of " + file, state.get().process());
            }
        }
    }

    /**
     * Whether the process is a QEMU of the hypervisor's user, who can write any number into the file. It is that user who
     * looks: Linux shows a process's program only to the user who runs it and to the privileged (man 5 proc_pid_exe).
     */
    private boolean isGuest(ProcessIdentity process) throws IOException {
        var look = new ProcessBuilder(user.command(List.of("readlink", "/proc/" + process.pid() + "/exe")))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var output = look.inputReader()) {
            var program = output.readLine();
            return program != null
                    && program.substring(program.lastIndexOf('/') + 1).startsWith("qemu");
        }
    }

    private static void end(String role, ProcessIdentity process) throws IOException {
        new ChildProcess(role, process).end(PATIENCE);
    }

    /** libvirt has a process lock its file with its number for as long as it lives (virpidfile.c). */
    private static Optional<ProcessIdentity> holder(Path file) throws IOException {
        var lock = LockFile.tryLock(file);
        if (lock.isPresent()) {
            lock.get().close();
            return Optional.empty();
        }
        try {
            return ProcessIdentity.of(Long.parseLong(Files.readString(file).strip()));
        } catch (NumberFormatException e) {
            throw new IOException(file + " holds no process number", e);
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        var result = new ArrayList<Path>();
        try (var files = Files.newDirectoryStream(folder, "*.pid")) {
            for (var file : files) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    result.add(file);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        return result;
    }
}
