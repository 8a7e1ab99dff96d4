package org.triplel.router;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** What of a disk lies on this host, opened by a test. */
record TestFiles(Swap swap, Journals journals, LogFiles logs) implements RoutedDisk.LocalFiles {

    static final String HOST = "client-1";

    interface Swap {
        SubFile open(long size) throws IOException;
    }

    interface Journals {
        JournalFile open(long size, NasView nas) throws IOException;
    }

    private static final class NoLog implements LogFiles {

        @Override
        public Optional<WriteBehindLog> behind(long size) {
            return Optional.empty();
        }

        @Override
        public WriteBehindLog beginBehind(long size, Rpo rpo) {
            throw new AssertionError("nothing is to be written behind");
        }

        @Override
        public void failBehind() {
            throw new AssertionError("nothing is written behind");
        }

        @Override
        public void renewBehind(long times) {
            throw new AssertionError("nothing is written behind");
        }

        @Override
        public void endBehind() {
            throw new AssertionError("nothing is written behind");
        }
    }

    TestFiles(Swap swap, Journals journals) {
        this(swap, journals, new NoLog());
    }

    /** What a disk has that has no journals. */
    static Journals noJournals(Path file) {
        return (size, nas) -> JournalFile.open(file, size, "image", nas, false).file();
    }

    @Override
    public String host() {
        return HOST;
    }

    @Override
    public SubFile swap(long size) throws IOException {
        return swap.open(size);
    }

    @Override
    public JournalFile journals(long size, NasView nas) throws IOException {
        return journals.open(size, nas);
    }

    @Override
    public Optional<WriteBehindLog> behind(long size) throws IOException {
        return logs.behind(size);
    }

    @Override
    public SendRate sendRate() {
        return logs.sendRate();
    }

    @Override
    public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
        return logs.beginBehind(size, rpo);
    }

    @Override
    public void renewBehind(long times) throws IOException {
        logs.renewBehind(times);
    }

    @Override
    public void failBehind() throws IOException {
        logs.failBehind();
    }

    @Override
    public void endBehind() throws IOException {
        logs.endBehind();
    }
}
