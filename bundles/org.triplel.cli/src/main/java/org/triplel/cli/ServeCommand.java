package org.triplel.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.nbd.SingleExport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Serves one disk. */
@Command(
        name = "serve",
        description = {
            "Serve one disk by NBD until told to stop (SIGTERM or SIGINT), which makes it durable and removes the socket.",
            "Prints one line when it is ready."
        })
final class ServeCommand implements Callable<Integer> {

    /** What a disk image's bytes mean. Never found out by looking: a guest writes them. */
    enum Format {
        raw,
        qcow2
    }

    /** @param uri for NBD clients */
    private record Served(String uri) {}

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Option(names = "--image", paramLabel = "FILE", required = true, description = "The disk's image.")
    private Path image;

    @Option(
            names = "--format",
            paramLabel = "raw|qcow2",
            description = "The image's format, which is not guessed (default: ${DEFAULT-VALUE}).")
    private Format format = Format.raw;

    @Option(names = "--base", paramLabel = "FILE", description = "The raw base image below a qcow2 overlay.")
    private Optional<Path> base = Optional.empty();

    @Option(names = "--name", paramLabel = "EXPORT", description = "The export's name (default: empty).")
    private String name = "";

    @Option(names = "--socket", paramLabel = "PATH", required = true, description = "The unix socket to make.")
    private Path socket;

    @Option(names = "--resume", description = "Write what a killed 'serve' of a qcow2 image has left to be written.")
    private boolean resume;

    @Option(names = "--one-client", description = "One client at a time, as for a VM's disk; others are refused.")
    private boolean oneClient;

    @Option(names = "--read-only", description = "Refuse every change; raw images only.")
    private boolean readOnly;

    @Override
    public Integer call() throws Exception {
        if (format == Format.raw && base.isPresent()) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "A raw image has no base: leave --base out, or say --format qcow2.");
        }
        if (format == Format.qcow2 && readOnly) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--read-only goes with raw images only.");
        }
        try {
            var served = open();
            var server = listen(served);
            // JVM shutdown is the only way a signal shows in Java
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> stop(server, served)));
            main.output().one(new Served(uri()));
        } catch (IOException failure) {
            throw new NotDone("Cannot serve " + image + ": " + describe(failure));
        }
        new CountDownLatch(1).await();
        return 0;
    }

    private ServedImage open() throws IOException, NotDone {
        return switch (format) {
            case raw -> ServedImage.Raw.open(image, readOnly);
            case qcow2 ->
                ServedOverlay.open(image, base, socket.resolveSibling(socket.getFileName() + ".state"), resume);
        };
    }

    private NbdServer listen(ServedImage served) throws IOException {
        try {
            return new NbdServer(
                    socket, new SingleExport(name, served.device()), oneClient ? Clients.ONE : Clients.MANY);
        } catch (IOException e) {
            served.close();
            throw e;
        }
    }

    private String uri() {
        return "nbd+unix:///" + name + "?socket=" + socket.toAbsolutePath();
    }

    private void stop(NbdServer server, ServedImage served) {
        try (served) {
            server.close();
        } catch (IOException failure) {
            System.err.println("triplel: " + image + ": " + describe(failure));
            Runtime.getRuntime().halt(1);
        }
    }

    private static String describe(IOException failure) {
        return failure instanceof java.nio.file.NoSuchFileException missing
                ? missing.getFile() + " does not exist"
                : failure instanceof java.nio.file.AccessDeniedException denied
                        ? "no permission for " + denied.getFile()
                        : failure.getMessage();
    }
}
