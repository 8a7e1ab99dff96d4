package org.triplel.replica;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * What a version of a base image is besides its content: how virtual machines of it are made. It is a properties file
 * beside the manifest, so that people can write it, too.
 *
 * @param memoryMiB {@code memoryMiB}: how much memory they have unless somebody says otherwise, in MiB
 * @param boot how they boot; without it the disk boots by itself
 */
public record BaseDescription(int memoryMiB, Optional<Boot> boot) {

    /** What stands for the virtual machine's name in a command line. */
    public static final String VM = "{vm}";

    private static final long MAX_BYTES = 64 << 10;
    private static final Pattern BOOT_FILE = Pattern.compile("boot/[A-Za-z0-9][A-Za-z0-9._+-]{0,126}");

    /**
     * A Linux kernel that is started without a boot loader. Its files are in the NAS folder's {@code boot} folder.
     *
     * @param kernel {@code kernel}: relative to the NAS folder, as {@code boot/vmlinuz}
     * @param initrd {@code initrd}: its initial RAM disk
     * @param commandLine {@code commandLine}: the kernel's, with {@value #VM} for the virtual machine's name
     */
    public record Boot(String kernel, String initrd, String commandLine) {

        public Boot {
            for (var file : new String[] {kernel, initrd}) {
                if (!BOOT_FILE.matcher(file).matches()) {
                    throw new IllegalArgumentException("'" + file + "' is no file in the folder 'boot' of the NAS");
                }
            }
            if (commandLine.chars().anyMatch(Character::isISOControl)) {
                throw new IllegalArgumentException("the command line has a control character");
            }
        }

        public String commandLine(String vm) {
            return commandLine.replace(VM, vm);
        }
    }

    public BaseDescription {
        if (memoryMiB < 1) {
            throw new IllegalArgumentException(memoryMiB + " MiB of memory");
        }
    }

    /** @throws IOException it cannot be read, or what it says makes no sense; the message names the file */
    public static BaseDescription read(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException(file + " is too long for a description");
        }
        var properties = new Properties();
        try (var content = Files.newBufferedReader(file)) {
            properties.load(content);
            var kernel = Optional.ofNullable(properties.getProperty("kernel"));
            return new BaseDescription(
                    Integer.parseInt(value(properties, "memoryMiB")),
                    kernel.map(boot ->
                            new Boot(boot, value(properties, "initrd"), properties.getProperty("commandLine", ""))));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " makes no sense: " + e.getMessage(), e);
        }
    }

    private static String value(Properties properties, String key) {
        return Optional.ofNullable(properties.getProperty(key))
                .orElseThrow(() -> new IllegalArgumentException("'" + key + "' is missing"));
    }

    /** After a crash at any moment the file is either as before or complete. */
    public void write(Path file) throws IOException {
        var properties = new Properties();
        properties.setProperty("memoryMiB", Integer.toString(memoryMiB));
        boot.ifPresent(direct -> {
            properties.setProperty("kernel", direct.kernel);
            properties.setProperty("initrd", direct.initrd);
            properties.setProperty("commandLine", direct.commandLine);
        });
        var unfinished = file.resolveSibling(file.getFileName() + ".new");
        try (var content = Files.newBufferedWriter(unfinished)) {
            properties.store(content, null);
        }
        try (var written = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
            written.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
