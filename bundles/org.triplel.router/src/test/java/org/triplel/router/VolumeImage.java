package org.triplel.router;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * A disk with one volume of LVM2, as its tools would write it.
 *
 * @param places the extents of the volume, in its order
 */
record VolumeImage(byte[] content, int... places) {

    static final int EXTENT = 1 << 20;

    private static final int EXTENTS = 24;
    private static final int SECTOR = 512;
    private static final int AREA = 4096;
    private static final int AREA_BYTES = EXTENT - AREA;
    private static final String UUID = "M8fOVD-kkQu-dtLF-FRKC-LagG-AoiH-hsiTPz";

    /** After these bytes the usual CRC-32 stands where LVM2's begins. */
    private static final byte[] SEED = {0x2d, 0x7d, 0x2c, 0x51};

    /** Puts a file system there. */
    static VolumeImage of(byte[] fileSystem, int... places) {
        var image = new VolumeImage(new byte[(EXTENTS + 1) * EXTENT], places);
        var label = sector().put(ascii("LABELONE")).putLong(1).putInt(0).putInt(32);
        label.put(ascii("LVM2 001" + UUID.replace("-", "")))
                .putLong(image.content.length)
                .putLong(EXTENT)
                .putLong(0)
                .putLong(0)
                .putLong(0)
                .putLong(AREA)
                .putLong(AREA_BYTES);
        label.putInt(16, crc(label.array(), 20));
        System.arraycopy(label.array(), 0, image.content, SECTOR, SECTOR);
        System.arraycopy(image.text(), 0, image.content, AREA + image.textAt(), image.text().length);
        System.arraycopy(image.header(), 0, image.content, AREA, SECTOR);
        for (int i = 0; i < places.length; i++) {
            System.arraycopy(fileSystem, i * EXTENT, image.content, image.extent(i), EXTENT);
        }
        return image;
    }

    /** Where an extent of the volume lies on the disk. */
    int extent(int number) {
        return (1 + places[number]) * EXTENT;
    }

    /** Each version has its place in the ring. */
    private int textAt() {
        return SECTOR + 4096 * (1 + places[0]);
    }

    int textOnDisk() {
        return AREA + textAt();
    }

    int headerOnDisk() {
        return AREA;
    }

    byte[] text() {
        var segments = new StringBuilder();
        for (int i = 0; i < places.length; i++) {
            segments.append("""
                    segment%d {
                    start_extent = %d
                    extent_count = 1
                    type = "striped"
                    stripe_count = 1
                    stripes = [
                    "pv0", %d
                    ]
                    }
                    """.formatted(i + 1, i, places[i]));
        }
        return ascii(
                """
                vg {
                id = "oU6yAa-yyJM-phXX-OKgj-Rz1A-Pnyw-s2UYfD"
                seqno = %d
                status = ["RESIZEABLE", "READ", "WRITE"]
                flags = []
                extent_size = %d
                physical_volumes {
                pv0 {
                id = "%s"
                status = ["ALLOCATABLE"]
                flags = []
                pe_start = %d
                pe_count = %d
                }
                }
                logical_volumes {
                root {
                status = ["READ", "WRITE", "VISIBLE"]
                flags = []
                segment_count = %d
                %s}
                }
                }
                contents = "Text Format Volume Group"
                version = 1
                """.formatted(1 + places[0], EXTENT / SECTOR, UUID, EXTENT / SECTOR, EXTENTS, places.length, segments)
                        + "\0");
    }

    /** What commits the text. */
    byte[] header() {
        var header = sector().putInt(0).put(ascii(" LVM2 x[5A%r0N*>")).putInt(1);
        header.putLong(AREA).putLong(AREA_BYTES);
        header.putLong(textAt()).putLong(text().length).putInt(crc(text(), 0));
        return header.putInt(0, crc(header.array(), 4)).array();
    }

    private static ByteBuffer sector() {
        return ByteBuffer.allocate(SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static int crc(byte[] bytes, int from) {
        var crc = new CRC32();
        crc.update(SEED);
        crc.update(bytes, from, bytes.length - from);
        return ~(int) crc.getValue();
    }
}
