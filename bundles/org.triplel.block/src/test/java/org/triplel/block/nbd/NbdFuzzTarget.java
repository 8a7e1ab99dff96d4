package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * What a fuzzer drives: one connection, from memory. The first byte of an input says what the rest is: a whole
 * conversation, bytes after a handshake, or eight bytes for each request after it. Nothing but an IOException may end a
 * connection, and when the client leaves in order, every request was answered once, and none with EIO: the disk is sound,
 * but takes offence at what should have been refused.
 */
public final class NbdFuzzTarget {

    private static final int DISK_BYTES = 1 << 16;
    private static final int REQUEST_SEED_BYTES = 8;
    private static final Duration HANDSHAKE_TIME = Duration.ofSeconds(10);
    private static final byte[] HANDSHAKE = handshake();

    private static final int HANDSHAKE_ANSWERS = converse(HANDSHAKE).answers().length;
    private static final int EIO = 5;
    private static final LongAdder ANSWERED = new LongAdder();

    private NbdFuzzTarget() {}

    /** Called by the fuzzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] rest = Arrays.copyOfRange(input, 1, input.length);
        switch (input[0] & 3) {
            case 0 -> converse(rest);
            case 1 -> checkAnswers(rest);
            default -> checkAnswers(requests(rest));
        }
    }

    /** Called by the fuzzer at its end. */
    public static void fuzzerTearDown() {
        System.err.println(ANSWERED + " requests were answered, each once");
    }

    private static Script converse(byte[] conversation) {
        var script = new Script(conversation);
        var exports = new SingleExport("d", new MemoryDevice(DISK_BYTES));
        try {
            new NbdConnection(script, exports, new Seats(Clients.ONE), HANDSHAKE_TIME).run();
        } catch (IOException broken) {
            // the usual end of it
        }
        return script;
    }

    private static void checkAnswers(byte[] requests) {
        var script = converse(concat(HANDSHAKE, requests));
        var asked = new ArrayList<Long>();
        if (!leavesInOrder(requests, asked)) {
            return;
        }
        var answered = answered(script.answers());
        Collections.sort(asked);
        Collections.sort(answered);
        if (!asked.equals(answered)) {
            throw new AssertionError("asked " + asked + ", answered " + answered);
        }
        ANSWERED.add(answered.size());
    }

    /** Collects the cookies of all requests; returns whether the client says nothing wrong or incomplete. */
    private static boolean leavesInOrder(byte[] requests, List<Long> cookies) {
        var bytes = ByteBuffer.wrap(requests);
        while (bytes.hasRemaining()) {
            if (bytes.remaining() < Protocol.REQUEST_BYTES || bytes.getInt() != Protocol.REQUEST_MAGIC) {
                return false;
            }
            int flags = bytes.getShort();
            int command = bytes.getShort();
            long cookie = bytes.getLong();
            bytes.getLong();
            long length = Integer.toUnsignedLong(bytes.getInt());
            if (command == Command.DISC.number() && (flags & ~Protocol.CMD_FLAG_FUA) == 0) {
                return true;
            }
            if (command == Command.WRITE.number()) {
                if (length > bytes.remaining()) {
                    return false;
                }
                bytes.position(bytes.position() + (int) length);
            }
            cookies.add(cookie);
        }
        return true;
    }

    /** The cookies of all complete replies; anything but replies is a fault. */
    private static List<Long> answered(byte[] answers) {
        var cookies = new ArrayList<Long>();
        var bytes = ByteBuffer.wrap(answers);
        bytes.position(HANDSHAKE_ANSWERS);
        try {
            while (bytes.hasRemaining()) {
                int magic = bytes.getInt();
                if (magic == Protocol.SIMPLE_REPLY_MAGIC) {
                    refuseEio(bytes.getInt());
                    cookies.add(bytes.getLong());
                } else if (magic == Protocol.STRUCTURED_REPLY_MAGIC) {
                    int flags = bytes.getShort();
                    int type = bytes.getShort();
                    long cookie = bytes.getLong();
                    int length = bytes.getInt();
                    if ((type & Protocol.REPLY_TYPE_FLAG_ERROR) != 0) {
                        refuseEio(bytes.getInt(bytes.position()));
                    }
                    bytes.position(bytes.position() + length);
                    if ((flags & Protocol.REPLY_FLAG_DONE) != 0) {
                        cookies.add(cookie);
                    }
                } else {
                    throw new AssertionError("no reply: magic 0x" + Integer.toHexString(magic));
                }
            }
        } catch (BufferUnderflowException | IllegalArgumentException half) {
            throw new AssertionError("half a reply", half);
        }
        return cookies;
    }

    private static void refuseEio(int errno) {
        if (errno == EIO) {
            throw new AssertionError("the disk was asked for what it does not have, or the server has failed");
        }
    }

    /** Requests that are right or nearly so, eight bytes of the input for each. */
    private static byte[] requests(byte[] seeds) {
        var bytes = ByteBuffer.allocate(seeds.length / REQUEST_SEED_BYTES * (Protocol.REQUEST_BYTES + 1024));
        for (int at = 0; at + REQUEST_SEED_BYTES <= seeds.length; at += REQUEST_SEED_BYTES) {
            boolean rare = seeds[at + 6] == 0;
            int command = seeds[at] & (rare ? 0x0f : 0x07);
            if (command == Command.DISC.number() && !rare) {
                command = Command.WRITE.number();
            }
            int flags = (seeds[at] & 0xf0) == 0 ? seeds[at + 1] & 0x1f : 0;
            long offset = (seeds[at + 2] & 0xffL) << (seeds[at + 3] & 0x3f);
            int length = (seeds[at + 4] & 0xff) << (seeds[at + 5] & 0x1f);
            if (command == Command.WRITE.number()) {
                length &= 0x3ff;
            }
            boolean flush = command == Command.FLUSH.number() && !rare;
            new Request(flags, command, at, flush ? 0 : offset, flush ? 0 : Integer.toUnsignedLong(length))
                    .encode(bytes);
            if (command == Command.WRITE.number()) {
                bytes.put(new byte[length]);
            }
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private static byte[] handshake() {
        var bytes = ByteBuffer.allocate(256).putInt(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES);
        option(bytes, Protocol.OPT_STRUCTURED_REPLY);
        option(
                bytes,
                Protocol.OPT_SET_META_CONTEXT,
                0,
                0,
                0,
                1,
                'd',
                0,
                0,
                0,
                1,
                0,
                0,
                0,
                15,
                'b',
                'a',
                's',
                'e',
                ':',
                'a',
                'l',
                'l',
                'o',
                'c',
                'a',
                't',
                'i',
                'o',
                'n');
        option(bytes, Protocol.OPT_GO, 0, 0, 0, 1, 'd', 0, 0);
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /** An option as a client sends it. */
    static void option(ByteBuffer bytes, int option, int... data) {
        bytes.putLong(Protocol.IHAVEOPT).putInt(option).putInt(data.length);
        for (int value : data) {
            bytes.put((byte) value);
        }
    }

    private static byte[] concat(byte[] first, byte[] second) {
        var both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
