package org.triplel.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.triplel.hypervisor.DomainPlacement.Writes;

class DomainXmlTest {

    static DomainXml example(Accelerator accelerator, Path folder) {
        return new DomainXml(
                "desk-01",
                256,
                accelerator,
                Optional.of(new DomainXml.DirectBoot(
                        folder.resolve("vm&linuz"), folder.resolve("initrd"), "root=/dev/vda quote=\"'<x>&amp;]]> ")),
                new DomainXml.NbdDisk(folder.resolve("router.sock"), "desk-01/vda"),
                new DomainXml.SerialConsole(folder.resolve("desk-01.console"), folder.resolve("desk-01.log")),
                folder.resolve("desk-01.guest"),
                new DomainXml.DiskImage("debian-12", 1, "vms/desk-01.qcow2", 1 << 20));
    }

    private static DomainXml bootingByItself(DomainXml domain) {
        return new DomainXml(
                domain.name(),
                domain.memoryMiB(),
                domain.accelerator(),
                Optional.empty(),
                domain.disk(),
                domain.console(),
                domain.guestAgent(),
                domain.image());
    }

    private static void assertReadAsWritten(DomainXml domain, DomainPlacement placement) {
        var read = DomainXml.parse(domain.toXml(placement), DomainState.OFF);
        assertEquals(Optional.of(new DomainStatus(domain, DomainState.OFF, false, DomainRun.NEVER, placement)), read);
    }

    @ParameterizedTest
    @EnumSource
    void isReadAsItWasWritten(Accelerator accelerator) {
        var domain = example(accelerator, Path.of("/run/triplel"));
        var consent = new RiskConsent("Ada \"&\" <Co> \u00e9 \ud83d\ude00", Instant.parse("2026-11-24T08:00:00Z"));
        for (var placement : List.of(
                DomainPlacement.DEFAULT,
                new DomainPlacement(true, false, Writes.THROUGH),
                new DomainPlacement(false, true, Writes.THROUGH),
                new DomainPlacement(true, true, new Writes.JournalOnHost(consent)),
                new DomainPlacement(true, false, new Writes.Behind(10, 64, consent)))) {
            assertReadAsWritten(domain, placement);
            assertReadAsWritten(bootingByItself(domain), placement);
        }
    }

    @Test
    void readsTheBaseImageFromTheReplicaUnlessItSaysOtherwise() {
        var xml = example(Accelerator.TCG, Path.of("/run"))
                .toXml(DomainPlacement.DEFAULT)
                .replace(" base=\"host\" swap=", " swap=");
        assertFalse(xml.contains("base=\"host\""), xml);
        assertTrue(
                DomainXml.parse(xml, DomainState.OFF).orElseThrow().placement().baseOnHost());
    }

    @Test
    void readsGuestAndRunOfALiveDomain() {
        var xml = example(Accelerator.TCG, Path.of("/run"))
                .toXml(DomainPlacement.DEFAULT)
                .replace("name=\"org.qemu.guest_agent.0\"", "name=\"org.qemu.guest_agent.0\" state=\"connected\"")
                .replace(
                        "</metadata>",
                        "<t:run xmlns:t=\"https://triplel.org/run/1\" started=\"1700000000000\" readyAfter=\"8123\"/>"
                                + "</metadata>");
        var status = DomainXml.parse(xml, DomainState.RUNNING).orElseThrow();
        assertTrue(status.guestConnected());
        assertEquals(new DomainRun(1_700_000_000_000L, 8123), status.run());
    }

    @Test
    void leavesOtherDomainsAlone() {
        var xml = "<domain type='kvm'><name>other</name><metadata><x:vm xmlns:x='urn:other'/></metadata></domain>";
        assertEquals(Optional.empty(), DomainXml.parse(xml, DomainState.RUNNING));
    }

    @Test
    void refusesADoctype(@TempDir Path folder) throws IOException {
        var secret = Files.writeString(folder.resolve("secret"), "secret");
        var xml = "<!DOCTYPE domain [<!ENTITY x SYSTEM '" + secret.toUri() + "'>]><domain><name>&x;</name></domain>";
        var error = assertThrows(IllegalArgumentException.class, () -> DomainXml.parse(xml, DomainState.OFF));
        assertTrue(error.getMessage().contains("DOCTYPE"), error.getMessage());
    }

    @Test
    void namesWhatADomainLacks() {
        var xml = example(Accelerator.TCG, Path.of("/run"))
                .toXml(DomainPlacement.DEFAULT)
                .replaceAll("<log [^>]*>(</log>)?", "");
        var error = assertThrows(IllegalArgumentException.class, () -> DomainXml.parse(xml, DomainState.OFF));
        assertEquals("domain XML has no <log> in <serial>", error.getMessage());
    }

    @Test
    void refusesNamesThatWouldLeadElsewhere() {
        var xml = example(Accelerator.TCG, Path.of("/run")).toXml(DomainPlacement.DEFAULT);
        for (var elsewhere : List.of(
                xml.replaceFirst("overlay=\"vms/", "overlay=\"vms/../"),
                xml.replaceFirst("overlay=\"[^\"]*\"", "overlay=\"/etc/passwd\""),
                xml.replaceFirst("base=\"", "base=\"../"),
                xml.replaceFirst("version=\"[0-9]+\"", "version=\"0\""),
                xml.replaceFirst("<name>[^<]*</name>", "<name>..</name>"))) {
            assertNotEquals(xml, elsewhere);
            assertThrows(IllegalArgumentException.class, () -> DomainXml.parse(elsewhere, DomainState.OFF), elsewhere);
        }
    }

    @Test
    void refusesControlCharacters() {
        var kernel = Path.of("/vmlinuz");
        assertThrows(
                IllegalArgumentException.class, () -> new DomainXml.DirectBoot(kernel, kernel, "root=/dev/vda\u0000"));
    }

    @Test
    void anOptionOfTheRootComesAndGoesBesideOthers() {
        for (var line : List.of("", "quiet", "rootflags=a", "rootflags=x root=/dev/vda1 rootflags=a,b ro")) {
            var with = DomainXml.rootOption(line, "journal_path=/dev/vdb", true);
            assertTrue(with.matches(".*\\brootflags=(a,|a,b,)?journal_path=/dev/vdb( ro)?"), with);
            assertEquals(with, DomainXml.rootOption(with, "journal_path=/dev/vdb", true));
            assertEquals(
                    line,
                    DomainXml.rootOption(with, "journal_path=/dev/vdb", false).strip());
            assertEquals(line, DomainXml.rootOption(line, "journal_path=/dev/vdb", false));
        }
    }
}
