package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.ConsoleOutput;
import org.triplel.block.UnixSocket;
import org.triplel.hypervisor.DomainXml.SerialConsole;

@Timeout(60)
class ConsoleTest {

    @TempDir
    Path folder;

    private Path log() {
        return folder.resolve("log");
    }

    private Console console() {
        return new Console(new SerialConsole(folder.resolve("console"), log()));
    }

    @Test
    void isEmptyBeforeTheFirstStart() throws IOException {
        try (var console = console()) {
            assertEquals(new ConsoleOutput(0, 0, ""), console.read(7));
        }
    }

    @Test
    void handsOutWhatIsNew() throws IOException {
        try (var console = console()) {
            Files.writeString(log(), "one");
            assertEquals(new ConsoleOutput(0, 3, "one"), console.read(0));
            Files.writeString(log(), "two", StandardOpenOption.APPEND);
            assertEquals(new ConsoleOutput(3, 6, "two"), console.read(3));
            Files.writeString(log(), "new"); // the VM was started anew
            assertEquals(new ConsoleOutput(0, 3, "new"), console.read(6));
        }
    }

    @Test
    void keepsCharactersWhole() throws IOException {
        try (var console = console()) {
            var bytes = "x€".getBytes(StandardCharsets.UTF_8);
            Files.write(log(), new byte[] {bytes[0], bytes[1], bytes[2]});
            assertEquals(new ConsoleOutput(0, 1, "x"), console.read(0));
            Files.write(log(), bytes);
            assertEquals(new ConsoleOutput(1, 4, "€"), console.read(1));
            Files.write(log(), new byte[] {(byte) 0xff, 'a'});
            assertEquals(new ConsoleOutput(0, 2, "\ufffda"), console.read(0));
        }
    }

    @Test
    void keepsOnlyTheNewestOutputOfAGuestThatPrintsALot() throws Exception {
        try (var console = console()) {
            int written = 20 << 20;
            Files.write(log(), new byte[written]);
            Files.writeString(log(), "end", StandardOpenOption.APPEND);
            long before = blocks();
            console.trim();
            assertTrue(blocks() < before / 2, () -> "the log still takes " + before + " blocks");
            var oldest = console.read(0);
            assertEquals(written + 3 - (4 << 20), oldest.offset());
            assertEquals(64 << 10, oldest.text().length());
            assertEquals("end", console.read(written).text());
        }
    }

    private long blocks() throws IOException, InterruptedException {
        var stat = new ProcessBuilder("stat", "-c", "%b", log().toString()).start();
        var output = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(0, stat.waitFor());
        return Long.parseLong(output.strip());
    }

    @Test
    void typesAndIsNotHeldUpByOutput() throws Exception {
        try (var qemu = new UnixSocket(folder.resolve("console"));
                var console = console()) {
            console.type("ls\r");
            try (var guest = qemu.accept()) {
                var typed = ByteBuffer.allocate(3);
                while (typed.hasRemaining()) {
                    guest.read(typed);
                }
                assertEquals(
                        "ls\r", StandardCharsets.US_ASCII.decode(typed.flip()).toString());
                var flood = ByteBuffer.allocate(8 << 20); // ends only if somebody reads it
                while (flood.hasRemaining()) {
                    guest.write(flood);
                }
            }
            // for a moment a process that is just being started, by another test, may hold the old connection open
            var next = CompletableFuture.supplyAsync(() -> qemuGets(qemu));
            Await.until("a new connection after QEMU's end", () -> {
                console.type("x");
                return next.isDone();
            });
            assertTrue(next.get());
        }
        try (var console = console()) {
            assertThrows(IOException.class, () -> console.type("x"));
        }
    }

    @Test
    void aGuestThatDoesNotReadHoldsNothingUp() throws Exception {
        try (var qemu = new UnixSocket(folder.resolve("console"));
                var console = new Console(new SerialConsole(folder.resolve("console"), log()), Duration.ofHours(1))) {
            Files.writeString(log(), "hello");
            var typed = new AtomicInteger();
            var typing = CompletableFuture.runAsync(() -> {
                while (typed(console, "x".repeat(4096))) {
                    typed.incrementAndGet();
                }
            });
            try (var _ = qemu.accept()) {
                // Linux takes some 200 KiB; if the last bit is still on its way, this tests less and does not fail
                var before = new AtomicInteger(-1);
                var unchanged = new AtomicInteger();
                Await.until("a full socket", () -> {
                    int now = typed.get();
                    unchanged.set(now > 0 && before.getAndSet(now) == now ? unchanged.get() + 1 : 0);
                    return unchanged.get() > 40;
                });
                console.trim();
                assertEquals("hello", console.read(0).text());
                qemu.close();
                console.close();
                Await.until("the end of typing", typing::isCompletedExceptionally);
            }
        }
    }

    @Test
    void givesUpOnAGuestThatDoesNotRead() throws Exception {
        try (var qemu = new UnixSocket(folder.resolve("console"));
                var console = new Console(new SerialConsole(folder.resolve("console"), log()), Duration.ofMillis(50))) {
            var failure = assertThrows(CompletionException.class, () -> typeForEver(console));
            assertInstanceOf(SocketTimeoutException.class, failure.getCause());
            try (var first = qemu.accept()) {
                var next = CompletableFuture.supplyAsync(() -> typed(console, "x"));
                try (var second = qemu.accept()) {
                    assertEquals(1, second.read(ByteBuffer.allocate(8)));
                }
                assertTrue(next.get());
            }
        }
    }

    private static void typeForEver(Console console) {
        while (typed(console, "x".repeat(4096))) {
            // goes on
        }
    }

    private static boolean typed(Console console, String text) {
        try {
            console.type(text);
            return true;
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    private static boolean qemuGets(UnixSocket qemu) {
        try (var guest = qemu.accept()) {
            return guest.read(ByteBuffer.allocate(1)) == 1;
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }
}
