package org.triplel.cli;

import java.util.List;

/** Where results go: as text for people, or as JSON for programs. */
sealed interface Output permits TextOutput, JsonOutput {

    /** Prints one record. */
    void one(Record result);

    /** Prints records of one type; a table as text. */
    <T extends Record> void many(Class<T> type, List<T> results);
}
