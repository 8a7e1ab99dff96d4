package org.triplel.appliance;

/** What of a file goes through the journal, as the file system says it by itself (tune2fs -o). */
public enum JournalMode {
    /** Metadata only; what files contain is in place before the transaction is committed. */
    ORDERED("journal_data_ordered"),
    /** All of it, so an fsync needs no flush but the journal's. */
    JOURNAL("journal_data");

    private final String option;

    JournalMode(String option) {
        this.option = option;
    }

    String option() {
        return option;
    }
}
