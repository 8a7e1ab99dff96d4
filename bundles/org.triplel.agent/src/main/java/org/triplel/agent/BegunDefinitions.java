package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * Which VMs are being defined, with the overlay that is created for each: kept in the state folder, so that what is half
 * made is removed also if the agent dies meanwhile.
 */
record BegunDefinitions(Path folder) {

    private static final String OVERLAY = "overlay";
    private static final String UNFINISHED = "unfinished";
    private static final String IDENTITY = "identity";

    void note(String vm, NewOverlay created) throws HostDiskException {
        var properties = new Properties();
        properties.setProperty(OVERLAY, created.overlay());
        properties.setProperty(UNFINISHED, created.unfinished());
        properties.setProperty(IDENTITY, created.identity());
        try {
            DurableProperties.write(properties, folder.resolve(vm));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }

    Optional<NewOverlay> find(String vm) throws HostDiskException {
        try {
            var properties = DurableProperties.read(folder.resolve(vm));
            return Optional.of(new NewOverlay(
                    properties.getProperty(OVERLAY, ""),
                    properties.getProperty(UNFINISHED, ""),
                    properties.getProperty(IDENTITY, "")));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }

    List<String> vms() throws HostDiskException {
        var names = new ArrayList<String>();
        try (var files = Files.newDirectoryStream(folder, "[!.]*")) {
            files.forEach(file -> names.add(folder.relativize(file).toString()));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
        return names;
    }

    void end(String vm) throws HostDiskException {
        try {
            Files.deleteIfExists(folder.resolve(vm));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }
}
