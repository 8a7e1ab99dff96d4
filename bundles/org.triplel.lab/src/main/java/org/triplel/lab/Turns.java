package org.triplel.lab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.Extent;
import org.triplel.block.ForwardingDevice;

/**
 * Whose turn it is to use an image that has one client at a time: that of the newest one, from its first request on. What
 * its predecessor, most often an image daemon that was killed, has sent before is either done by then, or is refused when
 * its time comes: done later, it would overwrite what the new client has written.
 */
final class Turns {

    private interface Request<T> {
        T run() throws IOException;
    }

    private long handedOut;
    private long turn;
    private int underWay;

    /** Requests under way of clients whose turn is over. */
    private int older;

    /** The image as its next client has it. */
    synchronized BlockDevice next(BlockDevice image) {
        return new Client(image, ++handedOut);
    }

    private synchronized void begin(long client) throws IOException {
        if (client > turn) {
            turn = client;
            older += underWay;
            underWay = 0;
        }
        while (client == turn && older > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new BlockException(Errno.EIO, "request interrupted", e);
            }
        }
        if (client < turn) {
            throw new BlockException(Errno.ESHUTDOWN, "another client has opened the image since");
        }
        underWay++;
    }

    private synchronized void end(long client) {
        if (client == turn) {
            underWay--;
        } else {
            older--;
            notifyAll();
        }
    }

    private final class Client extends ForwardingDevice {

        private final long number;

        Client(BlockDevice image, long number) {
            super(image);
            this.number = number;
        }

        private <T> T inTurn(Request<T> request) throws IOException {
            begin(number);
            try {
                return request.run();
            } finally {
                end(number);
            }
        }

        @Override
        public void read(long offset, ByteBuffer into) throws IOException {
            inTurn(() -> {
                super.read(offset, into);
                return number;
            });
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            inTurn(() -> {
                super.write(offset, from);
                return number;
            });
        }

        @Override
        public void flush() throws IOException {
            inTurn(() -> {
                super.flush();
                return number;
            });
        }

        @Override
        public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
            inTurn(() -> {
                super.writeZeroes(offset, length, allocate);
                return number;
            });
        }

        @Override
        public void trim(long offset, long length) throws IOException {
            inTurn(() -> {
                super.trim(offset, length);
                return number;
            });
        }

        @Override
        public List<Extent> extents(long offset, long length) throws IOException {
            return inTurn(() -> super.extents(offset, length));
        }
    }
}
