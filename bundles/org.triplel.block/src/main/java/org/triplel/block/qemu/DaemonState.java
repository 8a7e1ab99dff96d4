package org.triplel.block.qemu;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * What is kept of a running daemon, so that a later agent finds it.
 *
 * @param process which process it is
 * @param chain what it was told to open
 */
public record DaemonState(ProcessIdentity process, String chain) {

    private static final System.Logger LOG = System.getLogger(DaemonState.class.getName());

    /** What the file says; nothing if there is none, or none that makes sense after a crash of the host. */
    public static Optional<DaemonState> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(new Gson().fromJson(Files.readString(file), DaemonState.class))
                    .filter(state -> state.process != null && state.chain != null);
        } catch (JsonParseException e) {
            LOG.log(Level.WARNING, file + " is damaged, it is taken as absent", e);
            return Optional.empty();
        }
    }

    void write(Path file) throws IOException {
        var next = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(next, new Gson().toJson(this));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
