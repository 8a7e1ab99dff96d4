package org.triplel.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** A file whose lock one owner at a time holds, in this process or another; a dead process holds none. */
final class LockFile implements AutoCloseable {

    private static final Duration BETWEEN_TRIES = Duration.ofMillis(100);

    private final FileChannel channel;

    private LockFile(FileChannel channel) {
        this.channel = channel;
    }

    /** The lock, or none if another has it. */
    static Optional<LockFile> tryLock(Path file) throws IOException {
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return Optional.of(new LockFile(channel));
            }
        } catch (OverlappingFileLockException e) {
            // another thread of this process has it
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
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
        channel.close();
    }
}
