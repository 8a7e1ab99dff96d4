package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;

/** Conversations that were right once, with some bytes changed, on a connection in memory. */
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
                                    MapExports.of("d", disk),
                                    new Seats(Writers.ONE),
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

    private static byte[] conversation() {
        var bytes = ByteBuffer.allocate(1024).putInt(3);
        option(bytes, Protocol.OPT_STRUCTURED_REPLY);
        option(bytes, Protocol.OPT_LIST);
        option(bytes, Protocol.OPT_LIST_META_CONTEXT, 0, 0, 0, 1, 'd', 0, 0, 0, 0);
        var context = new int[] {
            0, 0, 0, 1, 'd', 0, 0, 0, 1, 0, 0, 0, 15, 'b', 'a', 's', 'e', ':', 'a', 'l', 'l', 'o', 'c', 'a', 't', 'i',
            'o', 'n'
        };
        option(bytes, Protocol.OPT_SET_META_CONTEXT, context);
        option(bytes, Protocol.OPT_INFO, 0, 0, 0, 1, 'd', 0, 0);
        option(bytes, Protocol.OPT_GO, 0, 0, 0, 1, 'd', 0, 1, 0, 3);
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

    private static void option(ByteBuffer bytes, int option, int... data) {
        bytes.putLong(Protocol.IHAVEOPT).putInt(option).putInt(data.length);
        for (int value : data) {
            bytes.put((byte) value);
        }
    }

    /** Says what is in the script and then hangs up; takes every answer. */
    private static final class Script implements Transport {

        private final ByteBuffer script;
        private volatile boolean open = true;

        Script(byte[] bytes) {
            script = ByteBuffer.wrap(bytes);
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            if (!open) {
                throw new ClosedChannelException();
            }
            if (!script.hasRemaining()) {
                return -1;
            }
            int length = Math.min(into.remaining(), script.remaining());
            into.put(script.slice(script.position(), length));
            script.position(script.position() + length);
            return length;
        }

        @Override
        public int receive(MemorySegment memory, long at, long length) throws IOException {
            return read(memory.asSlice(at, length).asByteBuffer());
        }

        @Override
        public void send(MemorySegment memory, long at, long length) throws IOException {
            if (!open) {
                throw new ClosedChannelException();
            }
        }

        @Override
        public long sendNow(MemorySegment memory, long at, long length) throws IOException {
            send(memory, at, length);
            return length;
        }

        @Override
        public int write(ByteBuffer from) {
            int length = from.remaining();
            from.position(from.limit());
            return length;
        }

        @Override
        public boolean isHungUp() {
            return !script.hasRemaining();
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }
    }
}
