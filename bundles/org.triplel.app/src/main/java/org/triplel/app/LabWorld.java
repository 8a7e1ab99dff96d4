package org.triplel.app;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.triplel.lab.Lab;
import org.triplel.lab.LabException;
import org.triplel.lab.LabStatus;
import org.triplel.lab.NasCounters;
import org.triplel.lab.NasLink;
import org.triplel.lab.Progress;

/** The lab's hosts. */
record LabWorld(Lab lab) implements World {

    @Override
    public Map<String, Path> start(Progress progress) throws LabException {
        var sockets = new LinkedHashMap<String, Path>();
        lab.start(progress).clients().forEach(client -> sockets.put(client.name(), client.agentSocket()));
        return sockets;
    }

    @Override
    public void stop(Progress progress) throws LabException {
        lab.stop(progress);
    }

    @Override
    public boolean running() throws LabException {
        return lab.status().state() != LabStatus.State.STOPPED;
    }

    @Override
    public Optional<Link> link() {
        return Optional.of(new Link() {
            @Override
            public NasLink get() throws LabException {
                return lab.link();
            }

            @Override
            public void set(NasLink link) throws LabException {
                lab.setLink(link);
            }

            @Override
            public NasCounters counters() throws LabException {
                return lab.nasCounters();
            }
        });
    }
}
