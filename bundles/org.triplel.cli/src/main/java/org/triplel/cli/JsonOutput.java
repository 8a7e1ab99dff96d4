package org.triplel.cli;

import com.google.gson.GsonBuilder;
import java.io.PrintWriter;
import java.util.List;

/** Records as JSON, names as in their components. */
record JsonOutput(PrintWriter to) implements Output {

    @Override
    public void one(Record result) {
        print(result);
    }

    @Override
    public <T extends Record> void many(Class<T> type, List<T> results) {
        print(results);
    }

    private void print(Object result) {
        to.println(new GsonBuilder()
                .setPrettyPrinting()
                .disableHtmlEscaping()
                .create()
                .toJson(result));
    }
}
