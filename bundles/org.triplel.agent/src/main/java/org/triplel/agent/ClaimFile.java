package org.triplel.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * The file in which the NAS tells every host of a claim. A change is durable when the call returns.
 *
 * @param path of the file, in a folder of claims
 * @param part what the host has, in a word
 */
record ClaimFile<C extends HostClaim>(Path path, String part, Format<C> format) {

    private static final int MAX_BYTES = 4096;

    interface Format<C> {
        C parse(String text) throws DamagedClaimException;
    }

    /** @throws DamagedClaimException nobody can tell any more what it said */
    Optional<C> read() throws IOException {
        look();
        try {
            return Optional.of(format.parse(Files.readString(path)));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (DamagedClaimException | CharacterCodingException damaged) {
            throw new DamagedClaimException(path + ": " + damaged.getMessage(), damaged);
        } catch (IOException failure) {
            throw new IOException(path + ": " + failure.getMessage(), failure);
        }
    }

    /** Whoever changes a folder sees what is in it: NFS may remember for a while that a file was not there. */
    private void look() throws IOException {
        Files.createDirectories(folder());
        Files.delete(Files.createTempFile(folder(), ".", ".look"));
    }

    /** @throws FileAlreadyExistsException there is one */
    void create(C claim) throws IOException {
        Files.createDirectories(folder());
        var created = path.resolveSibling(path.getFileName() + "." + claim.part() + ".new");
        try {
            Files.writeString(
                    created,
                    claim.text(),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.SYNC);
            Nas.name(created, path);
        } finally {
            Files.deleteIfExists(created);
        }
        DurableProperties.force(folder());
    }

    /**
     * Changes the claim in place: so nobody else's is changed that has taken its name meanwhile.
     *
     * @throws IOException it is not of this part, or there is none
     */
    void change(UUID claimed, UnaryOperator<C> change) throws IOException {
        try (var opened = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var claim = format.parse(text(opened));
            if (!claim.part().equals(claimed)) {
                throw new IOException(path + " names another " + part + ", on " + claim.host());
            }
            overwrite(opened, change.apply(claim).text());
        }
    }

    private static String text(FileChannel opened) throws IOException {
        var content = ByteBuffer.allocate(MAX_BYTES);
        int read;
        do {
            read = opened.read(content, content.position());
        } while (read > 0);
        return new String(content.array(), 0, content.position(), StandardCharsets.UTF_8);
    }

    private static void overwrite(FileChannel opened, String text) throws IOException {
        var next = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (next.hasRemaining()) {
            opened.write(next, next.position());
        }
        opened.force(true);
    }

    /** There is none then, whether there was one or not. */
    void remove() throws IOException {
        Files.deleteIfExists(path);
        if (Files.exists(folder())) {
            DurableProperties.force(folder());
        }
    }

    private Path folder() {
        return path.resolveSibling("");
    }
}
