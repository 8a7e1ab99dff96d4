package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.triplel.block.BlockDevice;

/** A request that changes a disk. */
sealed interface Change {

    long offset();

    long length();

    /** How many bytes travel with it. */
    int payload();

    /** What of it concerns a range within its own. */
    Change part(long from, long length);

    void applyTo(BlockDevice device) throws IOException;

    /** @param data from position to limit; not moved by any use of this record */
    record Write(long offset, ByteBuffer data) implements Change {

        @Override
        public long length() {
            return data.remaining();
        }

        @Override
        public int payload() {
            return data.remaining();
        }

        @Override
        public Change part(long from, long length) {
            return new Write(from, data.slice(data.position() + (int) (from - offset), (int) length));
        }

        @Override
        public void applyTo(BlockDevice device) throws IOException {
            device.write(offset, data.duplicate());
        }
    }

    /** @param allocate whether the range is to stay allocated */
    record Zero(long offset, long length, boolean allocate) implements Change {

        @Override
        public int payload() {
            return 0;
        }

        @Override
        public Change part(long from, long length) {
            return new Zero(from, length, allocate);
        }

        @Override
        public void applyTo(BlockDevice device) throws IOException {
            device.writeZeroes(offset, length, allocate);
        }
    }
}
