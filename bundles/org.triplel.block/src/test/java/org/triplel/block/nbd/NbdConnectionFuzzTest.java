package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;

/** Conversations that were right once, with some bytes changed, on a connection in memory. */
@Tag("thorough")
class NbdConnectionFuzzTest {

    private static final int ROUNDS = 1000;
    private static final byte[] CONTENT = "content".repeat(1000).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    /** Nothing but an IOException ends a connection, every connection ends, and a read-only export stays as it is. */
    @Test
    void noConversationDoesHarm() throws IOException {
        var image = Files.write(folder.resolve("disk.raw"), CONTENT);
        var conversation = conversation();
        try (var disk = FileDevice.openReadOnly(image)) {
            for (int seed = 0; seed < ROUNDS; seed++) {
                var random = new Random(seed);
                var bytes = conversation.clone();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) (random.nextBoolean() ? random.nextInt() : 0xff);
                }
                try {
                    new NbdConnection(
                                    new Script(bytes),
                                    new SingleExport("d", disk),
                                    new Seats(Clients.ONE),
                                    Duration.ofSeconds(10))
                            .run();
                } catch (IOException broken) {
                    // the usual end of it
                } catch (RuntimeException e) {
                    throw new AssertionError("seed " + seed, e);
                }
            }
        }
        assertArrayEquals(CONTENT, Files.readAllBytes(image));
    }

    /** A few of the inputs that a fuzzer would try for hours. */
    @Test
    void everyRequestIsAnsweredOnce() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            var input = new byte[256];
            new Random(seed).nextBytes(input);
            try {
                NbdFuzzTarget.fuzzerTestOneInput(input);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private static byte[] conversation() {
        var bytes = ByteBuffer.allocate(1024).putInt(3);
        NbdFuzzTarget.option(bytes, Protocol.OPT_STRUCTURED_REPLY);
        NbdFuzzTarget.option(bytes, Protocol.OPT_LIST);
        NbdFuzzTarget.option(bytes, Protocol.OPT_LIST_META_CONTEXT, 0, 0, 0, 1, 'd', 0, 0, 0, 0);
        var context = new int[] {
            0, 0, 0, 1, 'd', 0, 0, 0, 1, 0, 0, 0, 15, 'b', 'a', 's', 'e', ':', 'a', 'l', 'l', 'o', 'c', 'a', 't', 'i',
            'o', 'n'
        };
        NbdFuzzTarget.option(bytes, Protocol.OPT_SET_META_CONTEXT, context);
        NbdFuzzTarget.option(bytes, Protocol.OPT_INFO, 0, 0, 0, 1, 'd', 0, 0);
        NbdFuzzTarget.option(bytes, Protocol.OPT_GO, 0, 0, 0, 1, 'd', 0, 1, 0, 3);
        for (var command : Command.values()) {
            if (command != Command.DISC) {
                boolean flush = command == Command.FLUSH;
                new Request(0, command.number(), command.number(), flush ? 0 : 512, flush ? 0 : 16).encode(bytes);
                if (command == Command.WRITE) {
                    bytes.put(new byte[16]);
                }
            }
        }
        new Request(0, Command.DISC.number(), 0, 0, 0).encode(bytes);
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
