package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.BaseImage;
import org.triplel.replica.BaseDescription;

/** The base images on the NAS, as what VMs are made of. */
record Bases(Nas nas, ReplicaStore replicas) {

    /**
     * One that a VM can be made of.
     *
     * @param bytes its virtual size
     */
    record Usable(BaseVersion base, long bytes, BaseDescription description) {}

    List<BaseImage> all() throws AgentException {
        requireNas();
        try {
            var images = new ArrayList<BaseImage>();
            for (var base : nas.bases()) {
                images.add(describe(base));
            }
            return images;
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "The NAS (" + nas + ") does not tell its base images: " + Failures.describe(e) + ".",
                    "Check that it is reachable.",
                    e);
        }
    }

    private BaseImage describe(BaseVersion base) {
        try {
            var usable = usable(base);
            return new BaseImage(base.base(), base.version(), usable.bytes, usable.description.memoryMiB(), "");
        } catch (AgentException e) {
            return new BaseImage(base.base(), base.version(), 0, 0, e.getMessage());
        }
    }

    /** Looks at the NAS, not only at what is known of it. */
    Usable usable(BaseVersion base) throws AgentException {
        requireNas();
        long bytes = replicas.open(base).manifest().size();
        requireReadable(base, base.image());
        try {
            var description = nas.description(base);
            for (var file : description.boot().stream()
                    .flatMap(boot -> Stream.of(boot.kernel(), boot.initrd()))
                    .toList()) {
                requireReadable(base, file);
            }
            return new Usable(base, bytes, description);
        } catch (NoSuchFileException e) {
            throw new AgentException(
                    AgentError.Kind.NOT_FOUND,
                    "How VMs of base image " + base + " boot is not described: " + e.getFile() + " is missing.",
                    "Write it: 'memoryMiB', and 'kernel', 'initrd' and 'commandLine' unless the disk boots by itself.",
                    e);
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "How VMs of base image " + base + " boot cannot be read: " + Failures.describe(e) + ".",
                    "Put the file right.",
                    e);
        }
    }

    private void requireReadable(BaseVersion base, String file) throws AgentException {
        if (!Files.isReadable(nas.folder().resolve(file))) {
            throw AgentException.notFound(
                    "No VM can be made of base image " + base + ": "
                            + nas.folder().resolve(file) + " cannot be read.",
                    "Put it there, or choose another base image.");
        }
    }

    private void requireNas() throws AgentException {
        if (!nas.present()) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "The NAS (" + nas + ") is not there: " + nas.folder().resolve("bases") + " is missing.",
                    "Check that it is mounted.");
        }
    }
}
