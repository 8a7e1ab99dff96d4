package org.triplel.app;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the application was started with.
 *
 * @param lab the name of the lab to start
 * @param agents sockets of agents by host, which are connected to instead of a lab's; empty for a lab
 * @param tour where to leave pictures of everything, instead of waiting for a user
 */
record Arguments(String lab, Map<String, Path> agents, Optional<Path> tour) {

    private static final String DEFAULT_LAB = "lab";

    /** Understands {@code -lab NAME}, {@code -agents HOST=SOCKET,...} and {@code -tour FOLDER}. */
    static Arguments parse(String... words) {
        var lab = DEFAULT_LAB;
        Map<String, Path> agents = new LinkedHashMap<>();
        var tour = Optional.<Path>empty();
        for (var i = 0; i < words.length - 1; i++) {
            switch (words[i]) {
                case "-lab" -> lab = words[i + 1];
                case "-agents" -> agents = agents(words[i + 1]);
                case "-tour" -> tour = Optional.of(Path.of(words[i + 1]));
                default -> {
                    // the platform's own arguments
                }
            }
        }
        return new Arguments(lab, agents, tour);
    }

    private static Map<String, Path> agents(String list) {
        var agents = new LinkedHashMap<String, Path>();
        for (var agent : list.split(",")) {
            var parts = agent.split("=", 2);
            if (parts.length != 2) {
                throw new IllegalArgumentException("-agents takes HOST=SOCKET,HOST=SOCKET, not " + list);
            }
            agents.put(parts[0], Path.of(parts[1]));
        }
        return agents;
    }
}
