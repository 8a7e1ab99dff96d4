package org.triplel.agent.api;

/**
 * A NAS client as its agent sees it.
 *
 * @param name the host's name
 * @param version the protocol version of the agent, {@link AgentService#VERSION}
 * @param hypervisor what runs guests, for people to read
 * @param accelerator "KVM", or "TCG" where guests are emulated
 * @param nas the NAS the host takes images from, for people to read
 * @param nasReachable whether the NAS answered last time
 * @param diskBytes size of the local disk that holds replicas
 * @param diskFreeBytes free on that disk
 * @param memoryBytes the host's memory
 * @param problem what is wrong with the host and what to do, or empty
 */
public record HostStatus(
        String name,
        int version,
        String hypervisor,
        String accelerator,
        String nas,
        boolean nasReachable,
        long diskBytes,
        long diskFreeBytes,
        long memoryBytes,
        String problem) {}
