package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Path;
import org.triplel.block.nbd.NbdClient;
import org.triplel.router.SendRate;

/** What an agent has to do with disks. */
final class DiskHost implements AutoCloseable {

    final StateFolder state;
    final ReplicaStore replicas;
    final EventLog events = new EventLog("client-1", event -> {});
    final JournalDisks journalDisks;
    final Disks disks;
    private final Path socket;

    /** @param folder of this host, which an earlier agent may have used */
    DiskHost(Path folder, NasFixture fixture) throws IOException {
        this("client-1", folder, fixture);
    }

    DiskHost(String name, Path folder, NasFixture fixture) throws IOException {
        this(name, folder, fixture.nas());
    }

    DiskHost(String name, Path folder, Nas nas) throws IOException {
        socket = folder.resolve("router.sock");
        state = new StateFolder(folder.resolve("state"));
        replicas = new ReplicaStore(name, state.replicas(), nas, new EventLog(name, event -> {}));
        journalDisks = new JournalDisks(name, state, nas, System.getProperty("user.name"));
        disks = new Disks(name, state, socket, nas, replicas, SendRate.UNLIMITED, events, journalDisks);
    }

    NbdClient guest() throws IOException {
        return NbdClient.connect(socket, "desk-01/vda");
    }

    @Override
    public void close() throws IOException {
        journalDisks.close();
        disks.close();
        replicas.close();
        state.close();
    }
}
