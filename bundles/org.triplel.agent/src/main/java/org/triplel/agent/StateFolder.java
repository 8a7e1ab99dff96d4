package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The folder in which an agent keeps what outlives it. It is the agent's alone, and one agent at a time has it. */
final class StateFolder implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(StateFolder.class.getName());

    private final Path folder;
    private final FileChannel lockFile;

    /** @throws IOException another agent has it, or it cannot be used; the message says so */
    StateFolder(Path folder) throws IOException {
        this.folder = folder;
        for (var part : new Path[] {
            folder, replicas(), spools(), disks(), defining(), recovering(), journalDisks(), local(), log()
        }) {
            Files.createDirectories(part);
        }
        var file = folder.resolve("agent.lock");
        lockFile = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (tryLock().isEmpty()) {
                throw new IOException(
                        "Another agent (process " + Files.readString(file).strip() + ") uses the state folder " + folder
                                + ". Stop it, or configure another 'state'.");
            }
            noteProcess();
        } catch (IOException e) {
            lockFile.close();
            throw e;
        }
    }

    /** Only for the message above: guests need their agent on a full disk too, the more so. */
    private void noteProcess() {
        var pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
        try {
            lockFile.write(ByteBuffer.wrap(pid), 0);
            lockFile.truncate(pid.length);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "process number in " + folder, e);
        }
    }

    private Optional<FileLock> tryLock() throws IOException {
        try {
            return Optional.ofNullable(lockFile.tryLock());
        } catch (OverlappingFileLockException e) {
            return Optional.empty(); // an agent in this process
        }
    }

    Path agentSocket() {
        return folder.resolve("agent.sock");
    }

    /** Where the image daemons find the base images. */
    Path baseSocket() {
        return folder.resolve("base.sock");
    }

    Path replicas() {
        return folder.resolve("replicas");
    }

    Path spools() {
        return folder.resolve("spool");
    }

    /** What of the disks is kept on this host. */
    Path local() {
        return folder.resolve("local");
    }

    Path daemons() {
        return folder.resolve("daemons");
    }

    /** Notes which disks are attached. */
    Path disks() {
        return folder.resolve("disks");
    }

    /** Notes which VMs are being defined. */
    Path defining() {
        return folder.resolve("defining");
    }

    /** Notes which disks are being recovered. */
    Path recovering() {
        return folder.resolve("recovering");
    }

    /** Notes which VMs have a journal disk. */
    Path journalDisks() {
        return folder.resolve("journal-disks");
    }

    Path log() {
        return folder.resolve("log");
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }
}
