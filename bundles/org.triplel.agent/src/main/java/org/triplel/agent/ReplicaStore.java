package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.replica.Manifest;
import org.triplel.replica.Replica;

/**
 * This host's replicas, one for each version of a base image on the NAS. Whether a base image is read from them is kept
 * in the state folder. Only {@link #open} and {@link #openAll} touch the NAS.
 */
final class ReplicaStore implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(ReplicaStore.class.getName());

    private final String host;
    private final Path folder;
    private final Nas nas;
    private final EventLog events;
    private final Map<BaseVersion, Replica> replicas = new ConcurrentSkipListMap<>();
    private final Set<BaseVersion> filling = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    ReplicaStore(String host, Path folder, Nas nas, EventLog events) {
        this.host = host;
        this.folder = folder;
        this.nas = nas;
        this.events = events;
    }

    /** The replica of a base image, which is opened if this is the first use of it. */
    Replica open(BaseVersion base) throws AgentException {
        var known = replicas.get(base);
        return known != null ? known : openNew(base);
    }

    private synchronized Replica openNew(BaseVersion base) throws AgentException {
        var known = replicas.get(base);
        if (known != null) {
            return known;
        }
        try {
            var manifest = nas.manifest(base);
            var image = nas.openBase(base);
            try {
                var replica = new Replica(Files.createDirectories(folder.resolve(base.base())), manifest, image);
                replica.shadowBase(!Files.exists(switchedOff(base.base())));
                replicas.put(base, replica);
                return replica;
            } catch (IOException e) {
                image.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw nas.present()
                    ? new AgentException(
                            AgentError.Kind.NOT_FOUND,
                            "Base image " + base + " is not on the NAS: " + e.getFile() + " is missing.",
                            "Publish it, or choose another base image.",
                            e)
                    : new AgentException(
                            AgentError.Kind.NAS,
                            "The NAS (" + nas + ") is not there: " + e.getFile() + " is missing.",
                            "Check that it is mounted on host " + host + ".",
                            e);
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "Base image " + base + " cannot be opened: " + Failures.describe(e) + ".",
                    "",
                    e);
        }
    }

    /** Opens the replicas of all base images on the NAS. */
    void openAll() throws IOException {
        for (var base : nas.bases()) {
            if (!closed && !replicas.containsKey(base)) {
                try {
                    openNew(base);
                } catch (AgentException e) {
                    LOG.log(Level.WARNING, "replica of " + base, e);
                }
            }
        }
    }

    List<org.triplel.agent.api.Replica> all() {
        return replicas.entrySet().stream()
                .map(entry -> describe(entry.getKey(), entry.getValue()))
                .toList();
    }

    private org.triplel.agent.api.Replica describe(BaseVersion base, Replica replica) {
        var manifest = replica.manifest();
        return new org.triplel.agent.api.Replica(
                host,
                base.base(),
                base.version(),
                manifest.size(),
                Manifest.CHUNK_BYTES,
                manifest.chunks(),
                replica.verifiedChunks(),
                replica.shadowBase(),
                filling.contains(base),
                replica.problem());
    }

    /** Switches all versions of a base image. */
    org.triplel.agent.api.Replica switchShadowBase(String base, boolean on) throws AgentException {
        var newest = newest(base);
        try {
            if (on) {
                Files.deleteIfExists(switchedOff(base));
            } else if (!Files.exists(switchedOff(base))) {
                Files.createFile(switchedOff(base));
            }
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.LOCAL_DISK,
                    "Shadow-Base of " + base + " cannot be switched: " + Failures.describe(e) + ".",
                    "Check the disk of host " + host + ".",
                    e);
        }
        replicas.forEach((version, replica) -> {
            if (version.base().equals(base)) {
                replica.shadowBase(on);
            }
        });
        events.add(
                Severity.INFO,
                "",
                "Shadow-Base",
                "Base image " + base + " is read from the " + (on ? "replica on this host." : "NAS."));
        return describe(newest, replicas.get(newest));
    }

    private Path switchedOff(String base) {
        return folder.resolve(base).resolve("shadow-base.off");
    }

    /** Begins to fetch what the newest version's replica lacks. */
    org.triplel.agent.api.Replica fill(String base) throws AgentException {
        var newest = newest(base);
        var replica = replicas.get(newest);
        if (filling.add(newest)) {
            Thread.ofPlatform().daemon().name("fill replica of " + base).start(() -> fill(newest, replica));
        }
        return describe(newest, replica);
    }

    private void fill(BaseVersion base, Replica replica) {
        try {
            events.add(Severity.INFO, "", "Fill replica", "Fetching what the replica of " + base + " lacks.");
            if (replica.fill(chunks -> {}, () -> closed)) {
                events.add(Severity.INFO, "", "Fill replica", "The replica of " + base + " is complete.");
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "fill replica of " + base, e);
            events.add(
                    Severity.ERROR,
                    "",
                    "Fill replica",
                    "The replica of " + base + " stays incomplete: " + Failures.describe(e)
                            + ". Fill it again when that is put right.");
        } finally {
            filling.remove(base);
        }
    }

    /** Drops the content of the newest version's replica. */
    org.triplel.agent.api.Replica clear(String base) throws AgentException {
        var newest = newest(base);
        var replica = replicas.get(newest);
        try {
            replica.clear();
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.LOCAL_DISK,
                    "The replica of " + base + " is not cleared: " + Failures.describe(e) + ".",
                    "Check the disk of host " + host + ".",
                    e);
        }
        events.add(Severity.INFO, "", "Clear replica", "The replica of " + newest + " is empty now.");
        return describe(newest, replica);
    }

    private BaseVersion newest(String base) throws AgentException {
        return replicas.keySet().stream()
                .filter(version -> version.base().equals(base))
                .max(Comparator.naturalOrder())
                .orElseThrow(() -> AgentException.notFound(
                        "Host " + host + " knows no base image " + base + ".", "Check that the NAS is reachable."));
    }

    @Override
    public void close() throws IOException {
        closed = true;
        for (var replica : replicas.values()) {
            replica.close();
        }
    }
}
