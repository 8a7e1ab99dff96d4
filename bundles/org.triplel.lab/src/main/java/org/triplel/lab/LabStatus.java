package org.triplel.lab;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a lab is doing.
 *
 * @param name the lab's name
 * @param state whether it runs
 * @param folder where it lies
 * @param accelerator "kvm" or "tcg"; empty if it was never started
 * @param acceleratorReason why guests are emulated, or empty
 * @param clients its NAS clients
 * @param link the NAS's link, if the NAS runs
 * @param problem what does not run though the rest does, or empty
 */
public record LabStatus(
        String name,
        State state,
        Path folder,
        String accelerator,
        String acceleratorReason,
        List<Client> clients,
        Optional<NasLink> link,
        String problem) {

    /** BROKEN: some of its processes run and others do not; starting it puts it right. */
    public enum State {
        STOPPED,
        RUNNING,
        BROKEN
    }

    /**
     * A NAS client.
     *
     * @param name the host's name
     * @param agentSocket where its agent listens
     * @param libvirtUri its hypervisor
     * @param running whether agent and hypervisor run
     */
    public record Client(String name, Path agentSocket, String libvirtUri, boolean running) {}
}
