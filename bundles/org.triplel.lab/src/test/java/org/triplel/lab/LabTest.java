package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The lab's processes with a real NAS and real libvirt daemons; only the agents are stand-ins, and no guest runs. */
@Tag("host")
@Timeout(120)
class LabTest {

    @TempDir
    private Path temp;

    private Lab lab;
    private LabFolders folders;
    private final List<String> steps = new ArrayList<>();

    @BeforeEach
    void prepare() throws Exception {
        Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwx--x--x"));
        folders = new LabFolders(temp.resolve("labs"), "t", Files.createDirectory(temp.resolve("cache")));
        var home = Files.createDirectory(temp.resolve("home"));
        var program = home.resolve("triplel");
        Files.writeString(
                program, """
                #!/bin/sh
                case $1 in
                nas) main=org.triplel.lab.NasMain ;;
                agent) main=org.triplel.lab.FakeAgentMain ;;
                esac
                exec '%s/bin/java' -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp '%s' $main "$2"
                """.formatted(System.getProperty("java.home"), System.getProperty("java.class.path")));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        lab = new Lab(folders, home);
        pretendThatTheGuestIsBuilt();
    }

    @AfterEach
    void clean() throws Exception {
        lab.clean(progress());
        assertFalse(Files.exists(folders.instance()));
    }

    @Test
    void startsAndStops() throws Exception {
        var started = lab.start(progress());
        assertEquals(LabStatus.State.RUNNING, started.state());
        assertEquals("tcg", started.accelerator());
        assertEquals(
                List.of("client-1", "client-2"),
                started.clients().stream().map(LabStatus.Client::name).toList());
        for (var client : started.clients()) {
            assertTrue(client.running());
            assertTrue(Files.exists(client.agentSocket()));
            assertEquals(
                    client.libvirtUri(),
                    Shell.succeed("virsh", "-q", "-c", client.libvirtUri(), "uri")
                            .strip());
        }
        assertEquals(
                6,
                steps.stream().filter(step -> step.startsWith("Defining desk-")).count());

        var processes = processes();
        assertEquals(5, processes.size());
        lab.stop(progress());
        assertEquals(LabStatus.State.STOPPED, lab.status().state());
        assertGone(processes);
    }

    @Test
    void aSecondStartChangesNothing() throws Exception {
        lab.start(progress());
        var processes = processes();
        steps.clear();
        lab.start(progress());
        assertEquals(processes, processes());
        assertEquals(List.of(), steps);
    }

    @Test
    void aKilledAgentIsStartedAgainAlone() throws Exception {
        lab.start(progress());
        var before = processes();
        kill(before.get("client-1.agent"));
        assertEquals(LabStatus.State.BROKEN, lab.status().state());
        assertTrue(lab.status().problem().contains("client-1.agent"));
        lab.start(progress());
        assertEquals(LabStatus.State.RUNNING, lab.status().state());
        var after = processes();
        assertFalse(after.get("client-1.agent").equals(before.get("client-1.agent")));
        before.remove("client-1.agent");
        after.remove("client-1.agent");
        assertEquals(before, after);
    }

    @Test
    void aGuestThatOutlivedEverythingIsEnded() throws Exception {
        var client = lab.start(progress()).clients().getFirst();
        var domain = temp.resolve("domain.xml");
        Files.writeString(domain, """
                <domain type='qemu'><name>stray</name><memory unit='MiB'>32</memory>
                <os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
                """);
        Shell.succeed("virsh", "-q", "-c", client.libvirtUri(), "create", domain.toString());
        var file = folders.client(client.name()).qemuProcesses().resolve("stray.pid");
        long qemu = Long.parseLong(Files.readString(file).strip());
        for (long process : processes().values()) {
            kill(process);
        }
        assertTrue(ProcessHandle.of(qemu).isPresent(), "QEMU outlives libvirtd");
        lab.stop(progress());
        assertGone(Map.of("QEMU", qemu));
    }

    @Test
    void aNumberInAFileThatNobodyHoldsIsLeftAlone() throws Exception {
        lab.start(progress());
        var bystander = new ProcessBuilder("sleep", "600").start();
        try {
            var file = folders.client("client-1").qemuProcesses().resolve("stray.pid");
            Files.writeString(file, Long.toString(bystander.pid()));
            lab.stop(progress());
            assertTrue(bystander.isAlive());
        } finally {
            bystander.destroyForcibly();
        }
    }

    @Test
    void theLinkIsKept() throws Exception {
        lab.start(progress());
        assertEquals(NasLink.DEFAULT, lab.link());
        var slow = new NasLink(1_000_000, 5_000);
        lab.setLink(slow);
        assertEquals(slow, lab.link());
        lab.stop(progress());
        assertThrows(LabException.class, lab::link);
        lab.start(progress());
        assertEquals(slow, lab.link());
        assertEquals(0, lab.nasCounters().total().readBytes());
    }

    @Test
    void cancellingEndsTheStart() throws Exception {
        var cancelled = new Progress() {
            @Override
            public void step(String text) {
                steps.add(text);
            }

            @Override
            public boolean cancelled() {
                return steps.contains("Starting the hypervisor of client-1");
            }
        };
        assertThrows(CancellationException.class, () -> lab.start(cancelled));
        assertEquals(LabStatus.State.BROKEN, lab.status().state());
        lab.start(progress());
        assertEquals(LabStatus.State.RUNNING, lab.status().state());
    }

    @Test
    void whatIsNotInstalledIsNamed() {
        var failure = assertThrows(
                LabException.class, () -> new Tools(List.of(temp)).require(Map.of("libvirtd", "libvirt-daemon")));
        assertEquals("Not installed: libvirtd.", failure.what());
        assertTrue(failure.remedy().endsWith("libvirt-daemon"), failure.remedy());
    }

    @Test
    void namesAreChecked() {
        for (var name : List.of("", "../x", "a/b", ".", "x".repeat(21))) {
            assertThrows(LabException.class, () -> LabFolders.of(name), name);
        }
    }

    private void pretendThatTheGuestIsBuilt() throws IOException, LabException {
        folders.createAll();
        folders.create(HypervisorUser.current());
        var manifest = folders.nas().resolve(".triplel/bases/debian-12/v1.manifest");
        Files.createDirectories(manifest.resolveSibling(""));
        Files.writeString(manifest, "");
        Files.write(
                folders.cache().resolve("kvm-" + HypervisorUser.current().uid()),
                List.of(
                        Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                                .strip(),
                        "not tried"));
    }

    private Map<String, Long> processes() throws LabException {
        var result = new HashMap<String, Long>();
        for (var role : lab.roles()) {
            var process = lab.process(role);
            if (process.isPresent()) {
                result.put(role, process.getAsLong());
            }
        }
        return result;
    }

    private static void kill(long pid) throws Exception {
        Shell.succeed("kill", "-KILL", Long.toString(pid));
        assertGone(Map.of("killed", pid));
    }

    private static void assertGone(Map<String, Long> processes) throws Exception {
        for (var process : processes.entrySet()) {
            Waiting.until(process.getKey() + " is gone", () -> ProcessHandle.of(process.getValue())
                    .filter(ProcessHandle::isAlive)
                    .isEmpty());
        }
    }

    private Progress progress() {
        return new Progress() {
            @Override
            public void step(String text) {
                steps.add(text);
            }

            @Override
            public boolean cancelled() {
                return false;
            }
        };
    }
}
