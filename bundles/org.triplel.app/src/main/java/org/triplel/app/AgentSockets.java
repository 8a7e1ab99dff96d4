package org.triplel.app;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.triplel.lab.Progress;

/** Hosts whose agents are there already. */
record AgentSockets(Map<String, Path> agents) implements World {

    @Override
    public Map<String, Path> start(Progress progress) {
        return agents;
    }

    @Override
    public void stop(Progress progress) {
        // they are not ours
    }

    @Override
    public boolean running() {
        return true;
    }

    @Override
    public Optional<Link> link() {
        return Optional.empty();
    }
}
