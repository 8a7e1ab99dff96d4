package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Fleet;
import org.triplel.lab.Lab;
import org.triplel.lab.LabStatus;
import org.triplel.lab.Progress;

/** A lab of its own for one test class, and the desktop's view of it. */
final class World implements AutoCloseable {

    /** Five times what a boot takes on an idle machine of two cores under emulation. */
    static final Duration BOOT = Duration.ofSeconds(90);

    static final Duration SOON = Duration.ofSeconds(60);

    private static final Progress SILENT = new Progress() {
        @Override
        public void step(String text) {}

        @Override
        public boolean cancelled() {
            return false;
        }
    };

    private final Lab lab;
    private final LabStatus status;
    private final Fleet fleet = new Fleet(Clock.systemUTC());

    private World(Lab lab) throws Exception {
        this.lab = lab;
        this.status = lab.start(SILENT);
        for (var client : status.clients()) {
            fleet.add(client.name(), client.agentSocket());
        }
        Until.holds("the agents answer", SOON, () -> fleet.inventory().vms().count() == 6);
    }

    /** Starts a lab whose name no other process of this machine uses. */
    static World start(String name) throws Exception {
        var lab = new Lab(name + "-" + ProcessHandle.current().pid(), Path.of(System.getProperty("triplel.home")));
        try {
            return new World(lab);
        } catch (Exception | AssertionError e) {
            lab.clean(SILENT);
            throw e;
        }
    }

    Lab lab() {
        return lab;
    }

    Fleet fleet() {
        return fleet;
    }

    /** Starts what of the lab does not run. */
    void mend() throws Exception {
        lab.start(SILENT);
    }

    void startNas() throws Exception {
        lab.startNas(SILENT);
    }

    void stopLab() throws Exception {
        lab.stop(SILENT);
    }

    Path nas() {
        return status.folder().resolve("nas");
    }

    Path state(Vm vm) {
        return status.folder().resolve(vm.host()).resolve("state");
    }

    Vm vm(String name) {
        return fleet.inventory().vm(name).orElseThrow();
    }

    Guest guest(String vm) {
        var host = vm(vm).host();
        var client = status.clients().stream()
                .filter(each -> each.name().equals(host))
                .findFirst()
                .orElseThrow();
        return new Guest(client.libvirtUri(), vm);
    }

    <T> T ask(String host, Function<AgentService, CompletableFuture<T>> request) throws Exception {
        return fleet.call(host, request).get(SOON.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** How many bytes of this kind a VM's reads would take from its host's own disk. */
    long onTheHost(String vm, DiskMap.Kind kind) throws Exception {
        return ask(vm(vm).host(), agent -> agent.diskMap(vm)).ranges().stream()
                .filter(range -> range.kind() == kind)
                .mapToLong(DiskMap.Range::localBytes)
                .sum();
    }

    /** Starts a VM and returns when its guest answers. */
    Vm boot(String vm) throws Exception {
        ask(vm(vm).host(), agent -> agent.startVm(vm));
        Until.holds(vm + " is ready", BOOT, () -> vm(vm).ready());
        return vm(vm);
    }

    void shutDown(String vm) throws Exception {
        ask(vm(vm).host(), agent -> agent.shutdownVm(vm));
        Until.holds(vm + " is stopped", SOON, () -> vm(vm).state() == VmState.STOPPED);
    }

    private static ProcessHandle one(String what, List<ProcessHandle> found) {
        assertEquals(1, found.size(), () -> what + ": " + found);
        return found.getFirst();
    }

    /** The running processes whose command line has all of these words. */
    private static List<ProcessHandle> processes(String... words) {
        return ProcessHandle.allProcesses()
                .filter(process -> {
                    var line = commandLine(process);
                    return List.of(words).stream().allMatch(line::contains);
                })
                .toList();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(
                            Path.of("/proc/" + process.pid() + "/cmdline"),
                            java.nio.charset.StandardCharsets.ISO_8859_1)
                    .replace('\0', ' ');
        } catch (java.nio.file.NoSuchFileException _) {
            return "";
        } catch (IOException e) {
            if (!process.isAlive()) {
                return "";
            }
            throw new UncheckedIOException(e);
        }
    }

    ProcessHandle qemu(String vm) {
        return one("QEMU of " + vm, processes("qemu-system-x86_64", "guest=" + vm + ",", status.folder() + "/"));
    }

    /** The machine that works on the file system of a VM that is off. */
    Optional<ProcessHandle> appliance(String vm) {
        return processes("qemu-system-x86_64", "triplel_work", status.folder() + "/", vm + "/vda").stream()
                .findFirst();
    }

    List<ProcessHandle> imageDaemons(String vm) {
        return processes("qemu-storage-daemon", state(vm(vm)) + "/", "/" + vm + ".");
    }

    ProcessHandle imageDaemon(String vm) {
        return one("image daemon of " + vm, imageDaemons(vm));
    }

    ProcessHandle agent(String host) {
        return one("agent of " + host, processes("org.triplel.cli.Main agent", status.folder() + "/" + host + "/"));
    }

    /** A crash of a VM's host, as far as the VM can tell. */
    void killAllOf(String vm) throws Exception {
        var daemon = imageDaemon(vm);
        var qemu = qemu(vm);
        kill(agent(vm(vm).host()));
        kill(qemu);
        kill(daemon);
    }

    /** The process through which all of the NAS's images are read and written. */
    ProcessHandle nasProcess() {
        return one("the NAS", processes("org.triplel.cli.Main nas", status.folder() + "/"));
    }

    /** Ends a process at once, as a crash would, and waits until it is gone. */
    static void kill(ProcessHandle process) throws Exception {
        process.destroyForcibly();
        process.onExit().get(SOON.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends the lab and sees to it that nothing of it is left. */
    @Override
    public void close() throws Exception {
        fleet.close();
        lab.clean(SILENT);
        assertEquals(List.of(), processes(status.folder() + "/"), "processes left behind");
        assertEquals(false, Files.exists(status.folder()), "folder left behind");
    }
}
