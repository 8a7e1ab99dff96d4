package org.triplel.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A small real world on one machine: a NAS behind an adjustable link, and two NAS clients with an agent, a libvirtd and
 * three virtual machines each. It lies in a folder of its own, {@code /var/tmp/triplel-<uid>/<name>}; labs of different
 * names run side by side. Its processes live on when the process that started them ends.
 *
 * <p>One operation at a time is done on a lab, by whatever process: others wait until it is over. The threads that call
 * these methods must not be interrupted; cancellation goes through {@link Progress}.
 */
public final class Lab {

    /** The name of the lab that is meant when none is named. */
    public static final String DEFAULT_NAME = "lab";

    private static final String NAS = "nas";
    private static final Map<String, List<String>> VMS = Map.of(
            "client-1", List.of("desk-01", "desk-02", "desk-03"), "client-2", List.of("desk-04", "desk-05", "desk-06"));
    private static final long NEEDED_BYTES = 2L << 30;
    private static final Duration ANSWER_TIME = Duration.ofSeconds(10);
    private static final Duration END_TIME = Duration.ofSeconds(10);

    private final String name;
    private final Path program;
    private final LabFolders folders;
    private final HypervisorUser user;
    private final ProcessRegistry processes;
    private final List<NasClient> clients = new ArrayList<>();
    private final Tools tools = Tools.ofSystem();

    /**
     * The lab of this name, whether it runs or not.
     *
     * @param name 1 to 20 letters, digits, '-' and '_'
     * @param home the folder of the product, in which the program {@code triplel} lies
     */
    public Lab(String name, Path home) throws LabException {
        this(LabFolders.of(name), home);
    }

    Lab(LabFolders folders, Path home) throws LabException {
        this.name = folders.name();
        this.program = home.toAbsolutePath().resolve("triplel");
        this.folders = folders;
        this.user = HypervisorUser.current();
        this.processes = new ProcessRegistry(folders.processes(), tools);
        for (var client : ClientFolders.NAMES) {
            clients.add(new NasClient(folders.client(client), folders, processes, user, VMS.get(client)));
        }
    }

    /**
     * Starts the lab, or what of it does not run; returns when all of it answers. The first time on a machine this builds
     * the guest's image. If it fails or is cancelled, what runs so far goes on running until the lab is stopped.
     */
    public LabStatus start(Progress progress) throws LabException {
        try {
            tools.require(Tools.RUN);
            if (!Files.isExecutable(program)) {
                throw new LabException(program + " is not a program.", "Install Triple-L again.");
            }
            folders.createAll();
            try (var _ = lock(progress)) {
                folders.create(user);
                fillNas(progress);
                endIfDamaged(progress);
                awaitNas(progress);
                startClients(accelerator(progress), progress);
            }
            return status();
        } catch (IOException e) {
            throw failure("be started", e);
        }
    }

    /** Starts the NAS of a lab that was started, if it has ended, and nothing else: its clients have waited for it. */
    public void startNas(Progress progress) throws LabException {
        try {
            folders.exist();
            try (var _ = lock(progress)) {
                awaitNas(progress);
            }
        } catch (IOException e) {
            throw failure("start its NAS", e);
        }
    }

    /** Shuts the virtual machines down and ends all of the lab's processes, also those that an earlier life left behind. */
    public void stop(Progress progress) throws LabException {
        try {
            if (folders.exist()) {
                try (var _ = lock(progress)) {
                    shutDownVms(progress);
                    end(progress);
                }
            }
        } catch (IOException e) {
            throw failure("be stopped", e);
        }
    }

    /** Ends the lab's processes without shutting its virtual machines down, and removes the lab with all its images. */
    public void clean(Progress progress) throws LabException {
        try {
            if (folders.exist()) {
                try (var _ = lock(progress)) {
                    end(progress);
                    progress.step("Removing " + folders.instance());
                    Folders.delete(folders.instance());
                }
            }
        } catch (IOException e) {
            throw failure("be removed", e);
        }
    }

    /** What the lab is doing. */
    public LabStatus status() throws LabException {
        try {
            folders.exist();
            var running = new ArrayList<String>();
            var dead = new ArrayList<String>();
            for (var role : roles()) {
                (processes.alive(role) ? running : dead).add(role);
            }
            var state = dead.isEmpty()
                    ? LabStatus.State.RUNNING
                    : running.isEmpty() ? LabStatus.State.STOPPED : LabStatus.State.BROKEN;
            var accelerator = new Properties();
            if (Files.exists(acceleratorFile())) {
                try (var file = Files.newBufferedReader(acceleratorFile())) {
                    accelerator.load(file);
                }
            }
            var hosts = new ArrayList<LabStatus.Client>();
            for (var client : clients) {
                hosts.add(new LabStatus.Client(
                        client.name(),
                        client.folders().agentSocket(),
                        client.folders().libvirtUri(),
                        client.agentAlive() && client.libvirtAlive()));
            }
            return new LabStatus(
                    name,
                    state,
                    folders.instance(),
                    accelerator.getProperty("accelerator", ""),
                    accelerator.getProperty("reason", ""),
                    List.copyOf(hosts),
                    Files.exists(folders.nasConfig())
                            ? Optional.of(NasConfig.read(folders.nasConfig()).link())
                            : Optional.empty(),
                    state == LabStatus.State.BROKEN ? "Not running: " + String.join(", ", dead) + "." : "");
        } catch (IOException e) {
            throw failure("be looked at", e);
        }
    }

    /** The NAS's link as it is now. */
    public NasLink link() throws LabException {
        return askNas(NasControl::link);
    }

    /** Changes the NAS's link at once, and for the lab's next starts. */
    public void setLink(NasLink link) throws LabException {
        askNas(nas -> nas.setLink(link));
        try {
            nasConfig(link).write(folders.nasConfig());
        } catch (IOException e) {
            throw failure("keep its link", e);
        }
    }

    /** What crossed the link since the NAS was started. */
    public NasCounters nasCounters() throws LabException {
        return askNas(NasControl::counters);
    }

    /** The roles of the lab's processes: {@code nas}, {@code client-1.libvirtd}, {@code client-1.agent} and so on. */
    public List<String> roles() {
        var result = new ArrayList<>(List.of(NAS));
        for (var client : clients) {
            result.add(client.name() + ".libvirtd");
            result.add(client.name() + ".agent");
        }
        return result;
    }

    /** The number of the process in this role, for tests that stop or kill it; none if it does not run. */
    public OptionalLong process(String role) throws LabException {
        try {
            folders.exist();
            var process = processes.find(role);
            return process.isPresent() && process.get().alive()
                    ? OptionalLong.of(process.get().identity().pid())
                    : OptionalLong.empty();
        } catch (IOException e) {
            throw failure("be looked at", e);
        }
    }

    private LockFile lock(Progress progress) throws IOException {
        return LockFile.lock(folders.lock(), "Waiting for another operation on the lab " + name, progress);
    }

    private void fillNas(Progress progress) throws IOException, LabException {
        var content = new NasContent(folders.nas());
        if (content.complete()) {
            return;
        }
        long free = Files.getFileStore(folders.instance()).getUsableSpace();
        if (free < NEEDED_BYTES) {
            throw new LabException(
                    "The lab needs " + (NEEDED_BYTES >> 20) + " MiB in " + folders.instance() + ", " + (free >> 20)
                            + " MiB are free.",
                    "Free some space there.");
        }
        var built = new GuestImageStore(folders.cache(), tools).prepare(progress);
        progress.checkCancelled();
        content.fill(built, progress);
        progress.checkCancelled();
    }

    /** Agents take up what dead ones left; without its NAS or a libvirtd the lab is rather built up from the ground. */
    private void endIfDamaged(Progress progress) throws IOException {
        boolean sound = processes.alive(NAS);
        for (var client : clients) {
            sound &= client.libvirtAlive();
        }
        if (!sound) {
            end(progress);
        }
    }

    private void end(Progress progress) throws IOException {
        progress.step("Ending the lab's processes");
        for (var client : clients) {
            client.end();
        }
        processes.end(NAS, END_TIME);
    }

    private void shutDownVms(Progress progress) throws IOException {
        for (var client : clients) {
            if (client.agentAlive()) {
                try {
                    client.shutDownVms(progress);
                } catch (IOException e) {
                    progress.step(
                            "The virtual machines of " + client.name() + " are not shut down: " + Failures.describe(e));
                }
            }
        }
    }

    private void awaitNas(Progress progress) throws IOException, LabException {
        if (!processes.alive(NAS)) {
            progress.step("Starting the NAS");
            if (!Files.exists(folders.nasConfig())) {
                nasConfig(NasLink.DEFAULT).write(folders.nasConfig());
            }
            var command = List.of(program.toString(), "nas", folders.nasConfig().toString());
            processes.start(NAS, command, Map.of(), folders.log(NAS));
        }
        new Patience(processes, folders, progress).await(NAS, () -> {
            nas(NasControl::link);
            return true;
        });
    }

    private void startClients(String accelerator, Progress progress) throws IOException, LabException {
        var patience = new Patience(processes, folders, progress);
        for (var client : clients) {
            client.startLibvirt(progress);
        }
        for (var client : clients) {
            client.awaitLibvirt(patience);
        }
        for (var client : clients) {
            client.startAgent(program, accelerator, progress);
        }
        for (var client : clients) {
            client.awaitAgent(patience);
            client.defineVms(progress);
        }
    }

    private String accelerator(Progress progress) throws IOException {
        var kvm = new KvmProbe(folders.cache(), user).probe(new NasContent(folders.nas()).image(), progress);
        var properties = new Properties();
        properties.setProperty("accelerator", kvm.usable() ? "kvm" : "tcg");
        properties.setProperty("reason", kvm.usable() ? "" : kvm.reason());
        try (var file = Files.newBufferedWriter(acceleratorFile())) {
            properties.store(file, null);
        }
        return properties.getProperty("accelerator");
    }

    private Path acceleratorFile() {
        return folders.instance().resolve("accelerator.properties");
    }

    private NasConfig nasConfig(NasLink link) {
        return new NasConfig(folders.nas(), folders.nasSocket(), folders.nasControl(), link);
    }

    private <R> R askNas(Function<NasControl, CompletableFuture<R>> request) throws LabException {
        try {
            folders.exist();
            return nas(request);
        } catch (IOException e) {
            throw new LabException(
                    "The NAS of the lab " + name + " does not answer: " + Failures.describe(e) + ".",
                    "Start the lab.",
                    e);
        }
    }

    private <R> R nas(Function<NasControl, CompletableFuture<R>> request) throws IOException {
        try (var nas = new Remote<>(folders.nasControl(), new Object(), NasControl.class)) {
            return nas.call(ANSWER_TIME, request);
        }
    }

    private LabException failure(String what, IOException cause) {
        return new LabException(
                "The lab " + name + " cannot " + what + ": " + Failures.describe(cause) + ".",
                "Its logs are in " + folders.log() + "; check that the disk is not full.",
                cause);
    }
}
