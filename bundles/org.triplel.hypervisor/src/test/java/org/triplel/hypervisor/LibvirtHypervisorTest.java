package org.triplel.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("host")
@Timeout(120)
class LibvirtHypervisorTest {

    /** What a listener was told: a list of domains, a problem or an event. */
    private static final class Told implements HypervisorListener {
        private final BlockingQueue<Object> queue = new LinkedBlockingQueue<>();

        @Override
        public void connected(List<DomainStatus> domains) {
            queue.add(domains);
        }

        @Override
        public void disconnected(String problem) {
            queue.add(problem);
        }

        @Override
        public void event(DomainEvent event) {
            queue.add(event);
        }

        /** The next thing of this type, whatever else is told before. */
        <T> T next(Class<T> type) throws InterruptedException {
            var seen = new StringBuilder();
            while (true) {
                var told = queue.poll(30, TimeUnit.SECONDS);
                assertTrue(told != null, () -> "no " + type.getSimpleName() + " but" + seen);
                if (type.isInstance(told)) {
                    return type.cast(told);
                }
                seen.append(' ').append(told);
            }
        }
    }

    @Test
    void hearsOfDomainsOfATestHypervisor() throws Exception {
        var told = new Told();
        try (var hypervisor = new LibvirtHypervisor("test:///default")) {
            hypervisor.open(told);
            assertEquals(List.of(), told.next(List.class), "its domain 'test' is not Triple-L's");
            assertEquals(Optional.empty(), hypervisor.find("test"));
            assertTrue(hypervisor.description().startsWith("TEST "), hypervisor.description());
            hypervisor.destroy("test");
            assertEquals(new DomainEvent.Stopped("test", DomainState.OFF), told.next(DomainEvent.class));
            hypervisor.start("test", 1);
            assertEquals(new DomainEvent.Started("test"), told.next(DomainEvent.Started.class));
            var error = assertThrows(HypervisorException.class, () -> hypervisor.start("test", 1));
            assertTrue(error.getMessage().startsWith("Cannot start domain test: "), error.getMessage());
            assertThrows(HypervisorException.class, () -> hypervisor.destroy("no-such"));
        }
    }

    @Test
    void saysWhyThereIsNoConnection(@TempDir Path folder) throws Exception {
        var told = new Told();
        try (var hypervisor = new LibvirtHypervisor("qemu+unix:///session?socket=" + folder.resolve("none"))) {
            hypervisor.open(told);
            var problem = told.next(String.class);
            assertTrue(problem.contains(folder.resolve("none").toString()), problem);
            var error = assertThrows(HypervisorException.class, () -> hypervisor.start("desk-01", 1));
            assertTrue(error.getMessage().contains("not connected"), error.getMessage());
        }
    }

    @Test
    void saysThatLibvirtTakesTheConnectionAndDoesNotAnswer(@TempDir Path folder) throws Exception {
        var told = new Told();
        try (var libvirt = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            libvirt.bind(UnixDomainSocketAddress.of(folder.resolve("deaf")));
            try (var hypervisor = new LibvirtHypervisor("qemu+unix:///session?socket=" + folder.resolve("deaf"))) {
                hypervisor.open(told);
                var problem = told.next(String.class);
                assertTrue(problem.contains("has not answered for 10 s"), problem);
                libvirt.accept().close();
                assertTrue(
                        told.next(String.class).contains(folder.resolve("deaf").toString()));
            }
        }
    }

    @Test
    void runsADomainAcrossARestartOfLibvirt(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder);
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var disk = new ExportedDisk(folder);
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            hypervisor.define(domain, DomainPlacement.DEFAULT);
            validate(libvirt, folder, domain);
            hypervisor.start("desk-01", 1_700_000_000_000L);
            assertEquals(new DomainEvent.Started("desk-01"), told.next(DomainEvent.Started.class));
            awaitConsole(domain.console(), "up\r\n"::equals);
            type(domain.console(), "hello");
            awaitConsole(domain.console(), "up\r\nhello"::equals);
            hypervisor.note("desk-01", new DomainRun(1_700_000_000_000L, 8123));
            hypervisor.place(
                    "desk-01",
                    new DomainPlacement(
                            true,
                            false,
                            new DomainPlacement.Writes.Behind(
                                    10, 64, new RiskConsent("Ada & <Co>", Instant.parse("2026-11-24T08:00:00Z")))));

            libvirt.kill();
            told.next(String.class);
            libvirt.start();
            assertEquals(
                    List.of(new DomainStatus(
                            domain,
                            DomainState.RUNNING,
                            false,
                            new DomainRun(1_700_000_000_000L, 8123),
                            new DomainPlacement(
                                    true,
                                    false,
                                    new DomainPlacement.Writes.Behind(
                                            10,
                                            64,
                                            new RiskConsent("Ada & <Co>", Instant.parse("2026-11-24T08:00:00Z")))))),
                    told.next(List.class));

            killQemu(libvirt);
            assertEquals(new DomainEvent.Stopped("desk-01", DomainState.CRASHED), told.next(DomainEvent.Stopped.class));
            hypervisor.start("desk-01", 1_700_000_000_001L);
            awaitConsole(domain.console(), "up\r\n"::equals);
            hypervisor.destroy("desk-01");
            assertEquals(new DomainEvent.Stopped("desk-01", DomainState.OFF), told.next(DomainEvent.Stopped.class));
            hypervisor.undefine("desk-01");
            assertInstanceOf(
                    org.libvirt.LibvirtException.class,
                    assertThrows(HypervisorException.class, () -> hypervisor.destroy("desk-01"))
                            .getCause());
        }
    }

    @Test
    void pausesAGuestWhileItsDiskIsAway(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder);
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            hypervisor.define(domain, DomainPlacement.DEFAULT);
            try (var disk = new ExportedDisk(folder)) {
                hypervisor.start("desk-01", 1);
                awaitConsole(domain.console(), "up\r\n"::equals);
                type(domain.console(), "w");
                awaitConsole(domain.console(), "up\r\nw+"::equals);
            }
            type(domain.console(), "w");
            assertEquals(new DomainEvent.Suspended("desk-01", true), told.next(DomainEvent.Suspended.class));
            libvirt.kill();
            libvirt.start();
            told.next(String.class);
            assertEquals(
                    List.of(new DomainStatus(
                            domain, DomainState.DISK_FAILED, false, DomainRun.startedAt(1), DomainPlacement.DEFAULT)),
                    told.next(List.class));
            try (var disk = new ExportedDisk(folder)) {
                hypervisor.resume("desk-01");
                // QEMU reconnects in its own time, and fails requests until then.
                while (!Files.readString(domain.console().log()).equals("up\r\nw+w+")) {
                    if (told.queue.poll(10, TimeUnit.MILLISECONDS) instanceof DomainEvent.Suspended) {
                        hypervisor.resume("desk-01");
                    }
                }
                hypervisor.destroy("desk-01");
            }
        }
    }

    @Test
    void givesDisksToADomainThatIsOffAndTakesThem(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder);
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            hypervisor.define(domain, DomainPlacement.DEFAULT);
            var journal = new DomainXml.NbdDisk(domain.disk().socket(), "desk-01/vdb");
            var swap = new DomainXml.NbdDisk(domain.disk().socket(), "desk-01/vdc");
            hypervisor.giveDisks("desk-01", List.of(journal, swap));
            hypervisor.giveDisks("desk-01", List.of(journal, swap));
            assertEquals("vda desk-01/vda vdb desk-01/vdb vdc desk-01/vdc", disks(libvirt));
            assertEquals(
                    domain,
                    hypervisor.find("desk-01").orElseThrow().definition(),
                    "what it was defined with is the same");
            var iso = Files.createFile(folder.resolve("iso"));
            run("virsh", "-c", libvirt.uri(), "attach-disk", "desk-01", iso.toString(), "vdd", "--config");
            hypervisor.giveDisks("desk-01", List.of(journal));
            assertEquals("vda desk-01/vda vdb desk-01/vdb vdd " + iso, disks(libvirt));
            hypervisor.giveDisks("desk-01", List.of());
            assertEquals("vda desk-01/vda vdd " + iso, disks(libvirt));
        }
    }

    @Test
    void givesTheRootOfADomainThatIsOffAnOptionAndTakesIt(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder);
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            hypervisor.define(domain, DomainPlacement.DEFAULT);
            var before = hypervisor.find("desk-01");
            var devices = devices(libvirt);
            hypervisor.setRootOption("desk-01", "journal_path=/dev/vdb", false);
            hypervisor.setRootOption("desk-01", "journal_path=/dev/vdb", true);
            hypervisor.setRootOption("desk-01", "journal_path=/dev/vdb", true);
            var line = domain.boot().orElseThrow().commandLine();
            assertEquals(
                    line + " rootflags=journal_path=/dev/vdb",
                    hypervisor
                            .find("desk-01")
                            .orElseThrow()
                            .definition()
                            .boot()
                            .orElseThrow()
                            .commandLine());
            hypervisor.setRootOption("desk-01", "journal_path=/dev/vdb", false);
            assertEquals(before, hypervisor.find("desk-01"));
            assertEquals(devices, devices(libvirt));
        }
    }

    /** With their addresses; libvirt may change their order. */
    private static List<String> devices(SessionLibvirt libvirt) throws Exception {
        return run("virsh", "-c", libvirt.uri(), "dumpxml", "--inactive", "desk-01")
                .lines()
                .filter(line -> !line.contains("xmlns"))
                .map(String::strip)
                .sorted()
                .toList();
    }

    private static String disks(SessionLibvirt libvirt) throws Exception {
        return run("virsh", "-c", libvirt.uri(), "domblklist", "desk-01")
                .lines()
                .skip(2)
                .map(line -> line.strip().replaceAll("\\s+", " "))
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining(" "));
    }

    @Test
    void givesUpOnALibvirtThatHangs(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            libvirt.stop();
            try {
                assertThrows(HypervisorException.class, () -> hypervisor.destroy("desk-01"));
                assertFalse(told.next(String.class).isEmpty());
            } finally {
                libvirt.goOn();
            }
            told.next(List.class);
        }
    }

    @Test
    void callsThatAreUnderWayWhenLibvirtDiesDoNoHarm(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder);
        var told = new Told();
        var over = new AtomicBoolean();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var hypervisor = new LibvirtHypervisor(libvirt.uri());
                var callers = Executors.newFixedThreadPool(4)) {
            hypervisor.open(told);
            told.next(List.class);
            hypervisor.define(domain, DomainPlacement.DEFAULT);
            for (int caller = 0; caller < 4; caller++) {
                callers.execute(() -> {
                    while (!over.get()) {
                        try {
                            hypervisor.memory("desk-01");
                        } catch (HypervisorException e) {
                            Thread.onSpinWait(); // as long as it is away
                        }
                    }
                });
            }
            try {
                for (int death = 0; death < 8; death++) {
                    libvirt.kill();
                    told.next(String.class);
                    libvirt.start();
                    told.next(List.class);
                }
            } finally {
                over.set(true);
            }
            assertEquals(memory(32, 0, false), hypervisor.memory("desk-01"));
        }
    }

    @Test
    void startsADiskThatBootsByItself(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder, Optional.empty());
        var placement = new DomainPlacement(
                true,
                false,
                new DomainPlacement.Writes.Behind(
                        10, 64, new RiskConsent("Ada & <Co>", Instant.parse("2026-11-24T08:00:00Z"))));
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var disk = new ExportedDisk(folder);
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            assertEquals(Optional.empty(), hypervisor.find("desk-01"));
            hypervisor.define(domain, placement);
            assertEquals(
                    Optional.of(new DomainStatus(domain, DomainState.OFF, false, DomainRun.NEVER, placement)),
                    hypervisor.find("desk-01"));
            hypervisor.start("desk-01", 1);
            awaitConsole(domain.console(), "up\r\n"::equals);
            hypervisor.place("desk-01", DomainPlacement.DEFAULT);
            assertEquals(
                    DomainPlacement.DEFAULT,
                    hypervisor.find("desk-01").orElseThrow().placement(),
                    "the placement it was defined with is still there");
            hypervisor.destroy("desk-01");
        }
    }

    private static String virsh(SessionLibvirt libvirt, String... arguments) throws Exception {
        return run(Stream.concat(Stream.of("virsh", "-c", libvirt.uri()), Arrays.stream(arguments))
                .toArray(String[]::new));
    }

    private static DomainMemory memory(int targetMiB, int currentMiB, boolean givenByItself) {
        return new DomainMemory(true, 32, targetMiB, currentMiB, givenByItself, Optional.empty());
    }

    @Test
    void setsTheMemoryOfADomainForNowAndLater(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder);
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var disk = new ExportedDisk(folder);
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            hypervisor.define(domain, DomainPlacement.DEFAULT);
            assertEquals(memory(32, 0, false), hypervisor.memory("desk-01"));
            hypervisor.setMemory("desk-01", 24);
            hypervisor.giveMemory("desk-01", true);
            assertEquals(memory(24, 0, true), hypervisor.memory("desk-01"));
            assertTrue(
                    virsh(libvirt, "dumpxml", "desk-01").contains("<currentMemory unit='KiB'>24576</currentMemory>"));

            hypervisor.start("desk-01", 1);
            awaitConsole(domain.console(), "up\r\n"::equals);
            assertEquals(memory(24, 32, true), hypervisor.memory("desk-01"), "its guest has no balloon driver");
            hypervisor.setMemory("desk-01", 16);
            assertEquals(memory(16, 32, true), hypervisor.memory("desk-01"));
            assertTrue(virsh(libvirt, "dumpxml", "--inactive", "desk-01")
                    .contains("<currentMemory unit='KiB'>16384</currentMemory>"));
            assertTrue(virsh(libvirt, "qemu-monitor-command", "desk-01", "--hmp", "info", "balloon")
                    .contains("actual=32"));
            hypervisor.giveMemory("desk-01", false);
            assertEquals(memory(16, 32, false), hypervisor.memory("desk-01"));
            hypervisor.place("desk-01", DomainPlacement.DEFAULT);
            assertEquals(memory(16, 32, false), hypervisor.memory("desk-01"), "one piece of metadata wipes another");

            var error = assertThrows(HypervisorException.class, () -> hypervisor.setMemory("desk-01", 33));
            assertTrue(error.getMessage().startsWith("Cannot set the memory of domain desk-01: "), error.getMessage());
            assertTrue(error.getMessage().contains("max memory"), error.getMessage());
            hypervisor.destroy("desk-01");
            assertThrows(HypervisorException.class, () -> hypervisor.memory("no-such"));
            assertThrows(HypervisorException.class, () -> hypervisor.setMemory("no-such", 16));
        }
    }

    @Test
    void aDomainOfAnEarlierReleaseHasNoBalloon(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var domain = domain(folder);
        var told = new Told();
        try (var libvirt = new SessionLibvirt(Files.createDirectory(folder.resolve("lv")));
                var disk = new ExportedDisk(folder);
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            hypervisor.open(told);
            told.next(List.class);
            var earlier = domain.toXml(DomainPlacement.DEFAULT)
                    .replaceFirst("<memballoon .*</memballoon>", "<memballoon model='none'/>");
            virsh(
                    libvirt,
                    "define",
                    Files.writeString(folder.resolve("earlier.xml"), earlier).toString());
            var without = new DomainMemory(false, 32, 32, 0, false, Optional.empty());
            assertEquals(without, hypervisor.memory("desk-01"));
            hypervisor.start("desk-01", 1);
            awaitConsole(domain.console(), "up\r\n"::equals);
            assertFalse(hypervisor.memory("desk-01").balloon());
            var error = assertThrows(HypervisorException.class, () -> hypervisor.setMemory("desk-01", 16));
            assertTrue(error.getMessage().contains("balloon"), error.getMessage());
            hypervisor.destroy("desk-01");
        }
    }

    /** As the user guide says for a VM whose host is lost. */
    @Test
    void aDefinitionThatWasDumpedIsDefinedOnAnotherHost(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var one = Files.createDirectory(folder.resolve("one"));
        var other = Files.createDirectory(folder.resolve("other"));
        var domain = domain(one);
        var same = domain(other);
        var placement = new DomainPlacement(
                true, true, new DomainPlacement.Writes.JournalOnHost(new RiskConsent("Ada & <Co>", Instant.EPOCH)));
        String dumped;
        try (var libvirt = new SessionLibvirt(Files.createDirectory(one.resolve("lv")));
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            var told = new Told();
            hypervisor.open(told);
            told.next(List.class);
            hypervisor.define(domain, placement);
            hypervisor.giveDisks(
                    "desk-01", List.of(new DomainXml.NbdDisk(domain.disk().socket(), "desk-01/vdb")));
            dumped = virsh(libvirt, "dumpxml", "--inactive", "desk-01");
        }
        try (var libvirt = new SessionLibvirt(Files.createDirectory(other.resolve("lv")));
                var hypervisor = new LibvirtHypervisor(libvirt.uri())) {
            var told = new Told();
            hypervisor.open(told);
            told.next(List.class);
            var changed = dumped.replace(one + "/", other + "/");
            virsh(
                    libvirt,
                    "define",
                    Files.writeString(folder.resolve("desk-01.xml"), changed).toString());
            try (var restarted = new LibvirtHypervisor(libvirt.uri())) {
                restarted.open(told);
                assertEquals(
                        List.of(new DomainStatus(same, DomainState.OFF, false, DomainRun.NEVER, placement)),
                        told.next(List.class));
            }
            hypervisor.giveDisks("desk-01", List.of()); // as at each start
            assertEquals("vda desk-01/vda", disks(libvirt));
        }
    }

    private static DomainXml domain(Path folder) throws IOException {
        return domain(
                folder,
                Optional.of(new DomainXml.DirectBoot(
                        TinyKernel.write(folder.resolve("vm&linuz")),
                        Files.write(folder.resolve("initrd"), new byte[512]),
                        "root=/dev/vda quote=\"'<x>&amp;]]>")));
    }

    private static DomainXml domain(Path folder, Optional<DomainXml.DirectBoot> boot) throws IOException {
        var consoles = Files.createDirectory(folder.resolve("consoles"));
        SessionLibvirt.giveAway(consoles);
        return new DomainXml(
                "desk-01",
                32,
                Accelerator.TCG,
                boot,
                new DomainXml.NbdDisk(folder.resolve("router.sock"), "desk-01/vda"),
                new DomainXml.SerialConsole(consoles.resolve("desk-01.console"), consoles.resolve("desk-01.log")),
                consoles.resolve("desk-01.guest"),
                new DomainXml.DiskImage("debian-12", 1, "vms/desk-01.qcow2", 1 << 20));
    }

    /** Lets libvirt itself check the XML against its schema, and say what it makes of it. */
    private static void validate(SessionLibvirt libvirt, Path folder, DomainXml domain) throws Exception {
        var placement = new DomainPlacement(
                true, true, new DomainPlacement.Writes.JournalOnHost(new RiskConsent("Ada & <Co>", Instant.EPOCH)));
        for (var accelerator : Accelerator.values()) {
            var copy = new DomainXml(
                    "check",
                    32,
                    accelerator,
                    domain.boot(),
                    domain.disk(),
                    domain.console(),
                    domain.guestAgent(),
                    domain.image());
            // The schema of libvirt 9.0 forgets this element, which its parser knows.
            var xml = copy.toXml(placement).replaceFirst("<reconnect [^>]*>(</reconnect>)?", "");
            var file = Files.writeString(folder.resolve("check.xml"), xml);
            var check = new ProcessBuilder("virsh", "-c", libvirt.uri(), "define", "--validate", file.toString())
                    .redirectErrorStream(true)
                    .start();
            var output = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (check.waitFor() == 0) {
                run("virsh", "-c", libvirt.uri(), "undefine", "check");
            } else {
                // A host without KVM says so after it has checked the schema.
                assertTrue(accelerator == Accelerator.KVM && output.contains("virt type 'kvm'"), output);
            }
        }
        var arguments = run("virsh", "-c", libvirt.uri(), "domxml-to-native", "qemu-argv", "--domain", "desk-01");
        assertTrue(arguments.contains("\"werror\":\"stop\",\"rerror\":\"stop\""), arguments);
        assertTrue(arguments.contains("\"discard\":\"unmap\""), arguments);
    }

    private static String run(String... command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + output);
        return output;
    }

    private static void killQemu(SessionLibvirt libvirt) throws Exception {
        var pid = Files.readString(libvirt.folder().resolve("run/libvirt/qemu/run/desk-01.pid"))
                .strip();
        run("kill", "-KILL", pid);
    }

    private static void awaitConsole(DomainXml.SerialConsole console, Predicate<String> expected) throws Exception {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!Files.exists(console.log()) || !expected.test(Files.readString(console.log()))) {
            assertTrue(System.nanoTime() < deadline, () -> {
                try {
                    return "console: " + Files.readString(console.log());
                } catch (IOException e) {
                    return "console: " + e;
                }
            });
            Thread.onSpinWait();
        }
    }

    private static void type(DomainXml.SerialConsole console, String text) throws Exception {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(console.socket()));
            channel.write(StandardCharsets.US_ASCII.encode(text));
            var echo = ByteBuffer.allocate(text.length());
            while (echo.hasRemaining()) {
                assertTrue(channel.read(echo) >= 0, "console closed");
            }
        }
    }

    /** A disk with nothing but a boot sector, exported by QEMU's own NBD server where the router would be. */
    private static final class ExportedDisk implements AutoCloseable {
        private final Process server;

        ExportedDisk(Path folder) throws IOException, InterruptedException {
            var image = Files.write(folder.resolve("disk.raw"), Arrays.copyOf(TinyKernel.bootSector(), 1 << 20));
            var socket = folder.resolve("router.sock");
            server = new ProcessBuilder(
                            "qemu-nbd",
                            "--persistent",
                            "-f",
                            "raw",
                            "-x",
                            "desk-01/vda",
                            "-k",
                            socket.toString(),
                            image.toString())
                    .inheritIO()
                    .start();
            var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (!accepts(socket)) {
                assertTrue(server.isAlive() && System.nanoTime() < deadline, "qemu-nbd does not serve " + socket);
                Thread.onSpinWait();
            }
            SessionLibvirt.giveAway(socket);
        }

        private static boolean accepts(Path socket) {
            try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                return channel.connect(UnixDomainSocketAddress.of(socket));
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public void close() throws InterruptedException {
            server.destroy();
            server.waitFor();
        }
    }
}
