package org.triplel.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.triplel.hypervisor.DomainMemory.GuestMemory;

class MemoryXmlTest {

    /** As libvirt tells it: with what a domain has now. */
    private static String xml(int currentMiB, String metadata) {
        return DomainXmlTest.example(Accelerator.TCG, Path.of("/run"))
                .toXml(DomainPlacement.DEFAULT)
                .replace("<vcpu>", "<currentMemory unit='KiB'>" + currentMiB * 1024 + "</currentMemory><vcpu>")
                .replace("</metadata>", metadata + "</metadata>");
    }

    private static String noted(boolean givenByItself) {
        return MemoryXml.element(givenByItself)
                .replace("<memory ", "<triplel-memory:memory xmlns:triplel-memory='" + MemoryXml.NAMESPACE + "' ");
    }

    @Test
    void aDomainHasABalloonAndIsNotGivenMemoryByItself() {
        assertEquals(new DomainMemory(true, 256, 192, 0, false, Optional.empty()), MemoryXml.ofStopped(xml(192, "")));
        assertEquals(
                new DomainMemory(true, 256, 192, 0, true, Optional.empty()),
                MemoryXml.ofStopped(xml(192, noted(true))));
        assertEquals(
                new DomainMemory(true, 256, 192, 0, false, Optional.empty()),
                MemoryXml.ofStopped(xml(192, noted(false))));
    }

    @Test
    void whatItHasNowAndWhatItIsToHaveMayDiffer() {
        var guest = Optional.of(new GuestMemory(OptionalLong.of(7), OptionalLong.empty()));
        assertEquals(
                new DomainMemory(true, 256, 192, 224, true, guest),
                MemoryXml.ofRunning(xml(224, noted(true)), xml(192, noted(true)), guest));
    }

    @Test
    void namesWhatIsWrong() {
        var odd = xml(192, noted(true).replace("'on'", "'perhaps'"));
        var error = assertThrows(IllegalArgumentException.class, () -> MemoryXml.ofStopped(odd));
        assertTrue(error.getMessage().contains("'perhaps'"), error.getMessage());
        var lacking = xml(192, "").replaceFirst("<currentMemory.*</currentMemory>", "");
        error = assertThrows(IllegalArgumentException.class, () -> MemoryXml.ofStopped(lacking));
        assertEquals("domain XML has no <currentMemory> in <domain>", error.getMessage());
    }
}
