package org.triplel.router;

import java.io.IOException;

/** What of a disk lies on this host, opened by a test. */
record TestFiles(Swap swap, Journals journals) implements RoutedDisk.LocalFiles {

    static final String HOST = "client-1";

    interface Swap {
        SubFile open(long size) throws IOException;
    }

    interface Journals {
        JournalFile open(long size, NasView nas) throws IOException;
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
}
