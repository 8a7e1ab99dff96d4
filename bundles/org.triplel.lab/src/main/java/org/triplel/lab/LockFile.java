package org.triplel.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A file whose lock one owner at a time holds, in this process or another; a dead process holds none. */
final class LockFile implements AutoCloseable {

    private static final Duration BETWEEN_TRIES = Duration.ofMillis(100);

    /**
     * The files that this process has open here. POSIX drops all locks of a process on a file as soon as the process
     * closes any descriptor of it (man 2 fcntl), so whether a file is taken must be known before it is opened, by the
     * whole process.
     */
    private static final Set<Path> TAKEN = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private LockFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** The lock, or none if another has it. */
    static Optional<LockFile> tryLock(Path file) throws IOException {
        var path = file.toAbsolutePath().normalize();
        if (!TAKEN.add(path)) {
            return Optional.empty();
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException | RuntimeException e) {
            TAKEN.remove(path);
            throw e;
        }
        var lock = new LockFile(path, channel);
        try {
            if (channel.tryLock() != null) {
                return Optional.of(lock);
            }
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
        lock.close();
        return Optional.empty();
    }

    /** Waits for the lock until the operation is cancelled. */
    static LockFile lock(Path file, String waiting, Progress progress) throws IOException {
        var lock = tryLock(file);
        if (lock.isEmpty()) {
            progress.step(waiting);
        }
        while (lock.isEmpty()) {
            progress.checkCancelled();
            LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
            lock = tryLock(file);
        }
        return lock.get();
    }

    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            try {
                channel.close();
            } finally {
                TAKEN.remove(file);
            }
        }
    }
}
