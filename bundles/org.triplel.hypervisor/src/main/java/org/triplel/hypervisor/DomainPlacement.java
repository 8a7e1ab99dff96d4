package org.triplel.hypervisor;

import java.util.Optional;

/**
 * Where parts of a domain's disk are kept, by the administrator's choice. It is in the domain's metadata, so that it goes
 * where the domain goes.
 *
 * @param swapOnHost whether the guest's swap areas are on its host, or on the NAS
 * @param journalOnHost whether the journals of its file systems are on its host, which somebody must have accepted, or on
 *     the NAS
 */
public record DomainPlacement(boolean swapOnHost, Optional<RiskConsent> journalOnHost) {

    /** Of a domain for which nobody has chosen: nothing is lost by it. */
    public static final DomainPlacement DEFAULT = new DomainPlacement(true, Optional.empty());
}
