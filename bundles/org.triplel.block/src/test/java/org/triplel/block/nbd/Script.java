package org.triplel.block.nbd;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.triplel.block.linux.FileCalls;

/** A client in memory: says what is in the script and then hangs up; takes every answer. */
final class Script implements Transport {

    private final ByteBuffer script;
    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
    private volatile boolean open = true;

    Script(byte[] bytes) {
        script = ByteBuffer.wrap(bytes);
    }

    /** What the server has said. */
    synchronized byte[] answers() {
        return answers.toByteArray();
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
    public synchronized void send(MemorySegment memory, long at, long length) throws IOException {
        if (!open) {
            throw new ClosedChannelException();
        }
        answers.writeBytes(memory.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public int sendFile(int file, long offset, int length) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var content = arena.allocate(length);
            int there = (int) Math.max(0, FileCalls.pread(file, content.address(), length, offset));
            send(content, 0, there);
            return there;
        }
    }

    @Override
    public long sendNow(MemorySegment memory, long at, long length) throws IOException {
        send(memory, at, length);
        return length;
    }

    @Override
    public synchronized int write(ByteBuffer from) {
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        answers.writeBytes(bytes);
        return bytes.length;
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
