package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import org.triplel.agent.api.Names;
import org.triplel.hypervisor.Accelerator;
import org.triplel.router.SendRate;

/**
 * What the agent is told by its properties file.
 *
 * @param name {@code name}: the host's name
 * @param state {@code state}: folder for replicas, spools and sockets, on a disk of this host; the agent's alone
 * @param router {@code router}: folder for the socket that QEMU finds its disks at; the agent's, open to pass for QEMU's
 *     user
 * @param run {@code run}: folder for the guests' consoles, which belongs to QEMU's user
 * @param nasFolder {@code nas.folder}: the NAS folder, as mounted here
 * @param nasLink {@code nas.link}: socket of an NBD server that exports the images of the NAS folder by relative path;
 *     without it they are opened as files
 * @param libvirtUri {@code libvirt.uri}
 * @param accelerator {@code accelerator}: {@code kvm} or {@code tcg}
 * @param sendRate {@code behind.megabytes-per-second}, a million bytes each: what this host's VMs together may send on of
 *     what they wrote behind; without it there is no limit
 */
record AgentConfig(
        String name,
        Path state,
        Path router,
        Path run,
        Path nasFolder,
        Optional<Path> nasLink,
        String libvirtUri,
        Accelerator accelerator,
        SendRate sendRate) {

    private static final String RATE = "behind.megabytes-per-second";
    private static final int MOST_MEGABYTES = 100_000;

    /** @throws IOException the file cannot be read, or what it says makes no sense; the message names file and key */
    static AgentConfig read(Path file) throws IOException {
        var properties = new Properties();
        try (var content = Files.newBufferedReader(file)) {
            properties.load(content);
        }
        try {
            var link = properties.getProperty("nas.link", "").strip();
            return new AgentConfig(
                    name(value(properties, "name")),
                    Path.of(value(properties, "state")).toAbsolutePath(),
                    Path.of(value(properties, "router")).toAbsolutePath(),
                    Path.of(value(properties, "run")).toAbsolutePath(),
                    Path.of(value(properties, "nas.folder")).toAbsolutePath(),
                    link.isEmpty()
                            ? Optional.empty()
                            : Optional.of(Path.of(link).toAbsolutePath()),
                    value(properties, "libvirt.uri"),
                    accelerator(value(properties, "accelerator")),
                    sendRate(properties.getProperty(RATE, "").strip()));
        } catch (InvalidPathException e) {
            throw new IOException(file + ": '" + e.getInput() + "' is no path", e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static String value(Properties properties, String key) {
        var value = properties.getProperty(key, "").strip();
        if (value.isEmpty()) {
            throw new IllegalArgumentException("'" + key + "' is missing");
        }
        return value;
    }

    private static String name(String value) {
        if (!Names.valid(value)) {
            throw new IllegalArgumentException(
                    "'name' is '" + value + "'; 1 to 63 letters, digits, '-' and '_' are allowed");
        }
        return value;
    }

    private static Accelerator accelerator(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "kvm" -> Accelerator.KVM;
            case "tcg" -> Accelerator.TCG;
            default -> throw new IllegalArgumentException("'accelerator' is '" + value + "', not 'kvm' or 'tcg'");
        };
    }

    private static SendRate sendRate(String value) {
        if (value.isEmpty()) {
            return SendRate.UNLIMITED;
        }
        if (!value.matches("[1-9][0-9]{0,5}") || Integer.parseInt(value) > MOST_MEGABYTES) {
            throw new IllegalArgumentException(
                    "'" + RATE + "' is '" + value + "', not a whole number from 1 to " + MOST_MEGABYTES);
        }
        return new SendRate(Integer.parseInt(value) * 1_000_000L);
    }
}
