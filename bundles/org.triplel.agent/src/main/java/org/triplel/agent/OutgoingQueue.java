package org.triplel.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What is to be sent to one desktop. Whoever writes never waits for the desktop: one that does not read what it is sent
 * is hung up on, and learns everything anew when it connects again. A flush ends a message.
 */
final class OutgoingQueue extends OutputStream {

    private static final System.Logger LOG = System.getLogger(OutgoingQueue.class.getName());

    /** More than the longest answer, a disk map, and some minutes of news. */
    private static final long MAX_BYTES = 32 << 20;

    private final SocketChannel channel;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private final BlockingQueue<ByteBuffer> messages = new LinkedBlockingQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();

    OutgoingQueue(SocketChannel channel) {
        this.channel = channel;
    }

    @Override
    public synchronized void write(int b) {
        message.write(b);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        message.write(bytes, offset, length);
    }

    @Override
    public synchronized void flush() throws IOException {
        var bytes = ByteBuffer.wrap(message.toByteArray());
        message.reset();
        if (!channel.isOpen()) {
            return; // whoever writes need not know that the desktop has left
        }
        if (waitingBytes.addAndGet(bytes.remaining()) > MAX_BYTES) {
            LOG.log(Level.WARNING, "a desktop does not read what it is sent, it is hung up on");
            channel.close();
            messages.clear();
        } else {
            messages.add(bytes);
        }
    }

    /** Sends until the channel is closed. */
    void send() {
        try {
            while (true) {
                var bytes = messages.take();
                waitingBytes.addAndGet(-bytes.remaining());
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a desktop has left", e);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "a desktop has left, nothing waited to be sent", e);
        }
    }
}
