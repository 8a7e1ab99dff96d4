package org.triplel.hypervisor;

/**
 * A domain with Triple-L metadata at one moment.
 *
 * @param definition how it is defined
 * @param state what it does
 * @param guestConnected whether a guest agent has the channel open
 * @param run its latest start
 * @param placement where parts of its disk are kept
 */
public record DomainStatus(
        DomainXml definition, DomainState state, boolean guestConnected, DomainRun run, DomainPlacement placement) {

    public String name() {
        return definition.name();
    }
}
