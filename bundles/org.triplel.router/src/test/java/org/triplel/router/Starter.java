package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.ReadCompletion;
import org.triplel.router.SimulatedImageDaemon.AgentKilled;

/** Sends requests as a connection does: from the pages of its base or at once if that can be done without waiting, started if the disk takes them so, otherwise, and afterwards, patiently. */
record Starter(SimulatedImageDaemon daemon, byte[] base) {

    private static final long LOOK_MILLIS = 5;

    void read(RoutedDisk disk, long offset, byte[] into) throws IOException {
        if (disk.lendNow(offset, into.length, (_, at, length) -> System.arraycopy(base, (int) at, into, 0, length))) {
            return;
        }
        if (readNow(disk, offset, into)) {
            return;
        }
        var done = new CompletableFuture<Boolean>();
        boolean started = disk.startRead(offset, into.length, new ReadCompletion() {
            @Override
            public void data(MemorySegment memory, long at) {
                MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at, into, 0, into.length);
                done.complete(true);
            }

            @Override
            public void failed() {
                done.complete(false);
            }

            @Override
            public void settle() {
                // nothing is collected here
            }
        });
        disk.submit();
        if (!started || !await(done)) {
            disk.read(offset, ByteBuffer.wrap(into));
        }
    }

    private static boolean readNow(RoutedDisk disk, long offset, byte[] into) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(into.length);
            boolean done = disk.readNow(offset, memory, 0, into.length);
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, into, 0, into.length);
            return done;
        }
    }

    void write(RoutedDisk disk, long offset, byte[] bytes) throws IOException {
        var done = new CompletableFuture<Optional<ChangeCompletion.PatientWork>>();
        boolean started;
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            if (disk.writeNow(offset, memory, 0, bytes.length)) {
                return;
            }
            started = disk.startWrite(offset, memory, 0, bytes.length, new ChangeCompletion() {
                @Override
                public void done() {
                    done.complete(Optional.empty());
                }

                @Override
                public void failed(IOException failure) {
                    done.completeExceptionally(failure);
                }

                @Override
                public void unfinished(PatientWork rest) {
                    done.complete(Optional.of(rest));
                }

                @Override
                public void settle() {
                    // nothing is collected here
                }
            });
        }
        disk.submit();
        if (!started) {
            disk.write(offset, ByteBuffer.wrap(bytes));
            return;
        }
        try {
            var rest = await(done);
            if (rest.isPresent()) {
                rest.get().run();
            }
        } catch (AgentKilled killed) {
            done.thenAccept(rest -> rest.ifPresent(Starter::abandon));
            throw killed;
        }
    }

    /** Others of a killed agent may wait for the range that it holds, and would not find out. */
    private static void abandon(ChangeCompletion.PatientWork rest) {
        try {
            rest.run();
        } catch (IOException | AgentKilled expected) {
            return;
        }
    }

    /** A killed agent completes nothing any more. */
    private <T> T await(CompletableFuture<T> done) throws IOException {
        while (true) {
            try {
                return done.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException notYet) {
                if (daemon.agentIsDead()) {
                    throw new AgentKilled();
                }
            } catch (ExecutionException failed) {
                throw (IOException) failed.getCause();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
