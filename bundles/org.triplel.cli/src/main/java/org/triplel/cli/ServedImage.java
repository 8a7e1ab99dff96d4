package org.triplel.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;

/** An image that can be served. */
interface ServedImage extends AutoCloseable {

    BlockDevice device();

    /** Makes everything durable and lets go of the image; nobody uses the device any more. */
    @Override
    void close() throws IOException;

    /** A raw image: a file or a block device. */
    record Raw(BlockDevice device) implements ServedImage {

        static Raw open(Path image, boolean readOnly) throws IOException {
            return new Raw(readOnly ? FileDevice.openReadOnly(image) : FileDevice.open(image));
        }

        @Override
        public void close() throws IOException {
            try (device) {
                device.flush();
            }
        }
    }
}
