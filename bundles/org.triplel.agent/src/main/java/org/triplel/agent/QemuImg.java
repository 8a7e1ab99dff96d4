package org.triplel.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** QEMU's tool for images. */
final class QemuImg {

    private static final int QEMU_IMG_SECONDS = 60;

    private QemuImg() {}

    /**
     * Runs it to its end.
     *
     * @return what it says if it fails
     * @throws IOException it cannot be run, or does not end
     */
    static Optional<String> run(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            if (!process.waitFor(QEMU_IMG_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("qemu-img " + arguments[0] + " did not end within " + QEMU_IMG_SECONDS + " s");
            }
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.exitValue() == 0 ? Optional.empty() : Optional.of(said);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("qemu-img " + arguments[0] + " was interrupted", e);
        }
    }
}
