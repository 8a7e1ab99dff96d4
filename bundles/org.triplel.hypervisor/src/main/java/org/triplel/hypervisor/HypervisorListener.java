package org.triplel.hypervisor;

import java.util.List;

/**
 * Told what happens at the hypervisor. All calls come one after another from one thread of the hypervisor; it may call
 * the hypervisor back, but whatever takes long belongs elsewhere.
 */
public interface HypervisorListener {

    /**
     * A connection stands, the first or a renewed one; events may have been missed before it.
     *
     * @param domains all domains with Triple-L metadata
     */
    void connected(List<DomainStatus> domains);

    /**
     * There is no connection; a new one is tried until it stands.
     *
     * @param problem why, for people to read
     */
    void disconnected(String problem);

    void event(DomainEvent event);
}
