package org.triplel.cluster;

import java.util.List;
import java.util.Optional;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Vm;

/**
 * A NAS client as the desktop knows it. A lost host keeps the values it had last.
 *
 * @param name the host's name
 * @param link whether the agent answers
 * @param status what the agent says of its host, empty until it first answered
 * @param vms by name
 * @param replicas by base image
 */
public record Host(String name, Link link, Optional<HostStatus> status, List<Vm> vms, List<Replica> replicas) {

    /** Whether an agent answers. */
    public sealed interface Link {}

    /** The first attempt is under way. */
    public record Connecting() implements Link {}

    /** The agent answers. */
    public record Connected() implements Link {}

    /**
     * The agent does not answer; it is tried again and again.
     *
     * @param sinceMillis milliseconds since 1970
     * @param reason why
     */
    public record Lost(long sinceMillis, String reason) implements Link {}

    public boolean connected() {
        return link instanceof Connected;
    }
}
