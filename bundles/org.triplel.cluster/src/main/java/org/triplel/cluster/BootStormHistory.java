package org.triplel.cluster;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/** The results of earlier boot storms, a line of JSON each, oldest first. Does file I/O, so not for the UI thread. */
public final class BootStormHistory {

    private final Path folder;
    private final Path file;
    private final Gson gson = new Gson();

    /**
     * @param folder where the file of results is kept; made when the first result is added
     */
    public BootStormHistory(Path folder) {
        this.folder = folder;
        this.file = folder.resolve("boot-storms.jsonl");
    }

    /** Adds a result. */
    public void add(BootStormResult result) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(file, gson.toJson(result) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /**
     * All results.
     *
     * @throws IOException if the file cannot be read, or a line of it is no result
     */
    public List<BootStormResult> all() throws IOException {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> !line.isBlank())
                    .map(line -> gson.fromJson(line, BootStormResult.class))
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (JsonParseException e) {
            throw new IOException(
                    file + " holds a line that is no boot storm result. Remove the line, or the file.", e);
        }
    }

    /** The newest result of just these VMs. */
    public Optional<BootStormResult> last(List<String> vms) throws IOException {
        return all().reversed().stream()
                .filter(result -> result.boots().stream()
                        .map(BootStormResult.Boot::vm)
                        .toList()
                        .equals(vms))
                .findFirst();
    }

    /** The newest comparable result with the other setting of Shadow-Base. */
    public Optional<BootStormResult> counterpart(BootStormResult result) throws IOException {
        return all().reversed().stream()
                .filter(earlier -> earlier.shadowBase() != result.shadowBase() && earlier.comparable(result))
                .findFirst();
    }
}
