package org.triplel.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Writes records of an XFS into its log as Linux does, apart from what is logged. Sectors are numbered as in the log. */
final class XfsLogWriter {

    static final int SECTOR = 512;

    private final Path image;
    private final Range log;
    private int round = 1;
    private int next;

    XfsLogWriter(Path image, Range log) {
        this.image = image;
        this.log = log;
    }

    int sectors() {
        return (int) (log.length() / SECTOR);
    }

    int next() {
        return next;
    }

    int round() {
        return round;
    }

    /** The next record: a header, and so many sectors of content; what it needs of the log begins at the tail. */
    void record(int content, int tailRound, int tail) throws IOException {
        record(content, tailRound, tail, 0, content);
    }

    /** The same, but only some of its sectors reach the disk: a crash while it was under way. */
    void torn(int content, int tailRound, int tail, int from, int to) throws IOException {
        record(content, tailRound, tail, from, to);
    }

    private void record(int content, int tailRound, int tail, int from, int to) throws IOException {
        var header = ByteBuffer.allocate(SECTOR);
        header.putInt(0xFEEDBABE).putInt(round).putInt(2).putInt(content * SECTOR);
        header.putInt(round).putInt(next).putInt(tailRound).putInt(tail);
        header.putInt(300, 1);
        header.putInt(320, 32 << 10);
        write(header);
        for (int i = 0; i < content; i++) {
            var sector = ByteBuffer.allocate(SECTOR).putInt(round);
            if (i >= from && i < to) {
                write(sector);
            } else {
                skip();
            }
        }
    }

    private void write(ByteBuffer sector) throws IOException {
        Images.write(image, log.start() + (long) next * SECTOR, sector.array());
        skip();
    }

    private void skip() {
        if (++next == sectors()) {
            next = 0;
            round++;
        }
    }
}
