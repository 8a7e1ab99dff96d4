package org.triplel.hypervisor;

import java.util.Optional;
import org.triplel.hypervisor.DomainMemory.GuestMemory;
import org.w3c.dom.Element;

/** A domain's memory in libvirt's descriptions of the domain. */
final class MemoryXml {

    /** The XML namespace of whether a domain is given memory by itself. */
    static final String NAMESPACE = "https://triplel.org/memory/1";

    /** The prefix that libvirt gives that namespace. */
    static final String KEY = "triplel-memory";

    private static final String ON = "on";
    private static final String OFF = "off";

    private MemoryXml() {}

    /** The metadata element that notes whether a domain is given memory by itself. */
    static String element(boolean givenByItself) {
        return "<memory give='%s'/>".formatted(givenByItself ? ON : OFF);
    }

    /**
     * @param xml of the domain that is off, as it is defined
     * @throws IllegalArgumentException it is not of the form that Triple-L defines
     */
    static DomainMemory ofStopped(String xml) {
        var domain = DomainXml.document(xml).getDocumentElement();
        return new DomainMemory(
                balloon(domain),
                maximum(domain),
                DomainXml.mebibytes(DomainXml.child(domain, "currentMemory")),
                0,
                givenByItself(domain),
                Optional.empty());
    }

    /**
     * @param xml of the domain that runs, as it is now
     * @param definition the same as it will be after the next start
     * @throws IllegalArgumentException one of them is not of the form that Triple-L defines
     */
    static DomainMemory ofRunning(String xml, String definition, Optional<GuestMemory> guest) {
        var domain = DomainXml.document(xml).getDocumentElement();
        return new DomainMemory(
                balloon(domain),
                maximum(domain),
                ofStopped(definition).targetMiB(),
                DomainXml.mebibytes(DomainXml.child(domain, "currentMemory")),
                givenByItself(domain),
                guest);
    }

    private static int maximum(Element domain) {
        return DomainXml.mebibytes(DomainXml.child(domain, "memory"));
    }

    private static boolean balloon(Element domain) {
        return DomainXml.optionalChild(DomainXml.child(domain, "devices"), "memballoon")
                .filter(device -> !DomainXml.attribute(device, "model").equals("none"))
                .isPresent();
    }

    private static boolean givenByItself(Element domain) {
        var noted = domain.getElementsByTagNameNS(NAMESPACE, "memory");
        if (noted.getLength() == 0) {
            return false;
        }
        return switch (DomainXml.attribute((Element) noted.item(0), "give")) {
            case ON -> true;
            case OFF -> false;
            default ->
                throw new IllegalArgumentException(
                        "memory given '" + ((Element) noted.item(0)).getAttribute("give") + "'");
        };
    }
}
