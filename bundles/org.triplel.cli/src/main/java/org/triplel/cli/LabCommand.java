package org.triplel.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.triplel.lab.LabException;
import org.triplel.lab.LabStatus;
import org.triplel.lab.NasLink;
import org.triplel.lab.NasTraffic;
import org.triplel.lab.Progress;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Starts and stops the small world that Triple-L is tried in. */
@Command(
        name = "lab",
        description = "A NAS, two NAS clients and six virtual machines on this machine.",
        synopsisSubcommandLabel = "COMMAND")
final class LabCommand implements Runnable {

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    /** What {@code triplel lab status} prints; speeds in bytes per second (0: no limit), times in microseconds. */
    private record Status(
            String name,
            LabStatus.State state,
            String folder,
            String accelerator,
            String acceleratorReason,
            List<Client> clients,
            long linkBytesPerSecond,
            long linkLatencyMicros,
            String problem) {

        static Status of(LabStatus lab) {
            var link = lab.link().orElse(NasLink.DEFAULT);
            return new Status(
                    lab.name(),
                    lab.state(),
                    lab.folder().toString(),
                    lab.accelerator(),
                    lab.acceleratorReason(),
                    lab.clients().stream().map(Client::of).toList(),
                    link.bytesPerSecond(),
                    link.latencyMicros(),
                    lab.problem());
        }
    }

    private record Client(String name, boolean running, String agentSocket, String libvirtUri) {

        static Client of(LabStatus.Client client) {
            return new Client(
                    client.name(), client.running(), client.agentSocket().toString(), client.libvirtUri());
        }

        @Override
        public String toString() {
            return name + (running ? " (running)" : " (stopped)");
        }
    }

    /** What crossed the NAS's link for one image, in requests and bytes. */
    private record Traffic(
            String image, long readRequests, long readBytes, long writeRequests, long writeBytes, long flushes) {

        static Traffic of(NasTraffic traffic) {
            return new Traffic(
                    traffic.file(),
                    traffic.readRequests(),
                    traffic.readBytes(),
                    traffic.writeRequests(),
                    traffic.writeBytes(),
                    traffic.flushes());
        }
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do with the lab.");
    }

    @Command(name = "start", description = "Start the lab; the first time on a machine this builds the guests' image.")
    void start() throws LabException {
        main.output().one(Status.of(main.lab().start(progress())));
    }

    @Command(name = "stop", description = "Shut the virtual machines down and end all of the lab's processes.")
    void stop() throws Exception {
        main.lab().stop(progress());
        status();
    }

    @Command(name = "status", description = "Tell what the lab is doing.")
    void status() throws Exception {
        var lab = main.lab();
        var status = lab.status();
        main.output().one(Status.of(status));
        if (status.state() == LabStatus.State.RUNNING) {
            try (var session = FleetSession.open(lab)) {
                main.warn(session.problems());
            }
        }
    }

    @Command(
            name = "traffic",
            description = "Tell what has crossed the NAS's link, image by image, since the NAS was started.")
    void traffic() throws LabException {
        main.output()
                .many(
                        Traffic.class,
                        main.lab().nasCounters().files().stream()
                                .map(Traffic::of)
                                .toList());
    }

    @Command(name = "link", description = "Make the NAS's link slower or faster; takes effect at once.")
    void link(
            @Option(
                            names = "--bandwidth",
                            paramLabel = "BYTES",
                            description = "Bytes per second in each direction; 0: no limit.")
                    Optional<Long> bandwidth,
            @Option(
                            names = "--latency",
                            paramLabel = "MICROS",
                            description = "What it adds to every request, there and back, in microseconds.")
                    Optional<Long> latency)
            throws Exception {
        var lab = main.lab();
        var now = lab.link();
        try {
            lab.setLink(new NasLink(bandwidth.orElse(now.bytesPerSecond()), latency.orElse(now.latencyMicros())));
        } catch (IllegalArgumentException e) {
            throw new NotDone("The link cannot have this: " + e.getMessage() + ".");
        }
        status();
    }

    @Command(name = "clean", description = "End the lab and remove all of its images.")
    void clean() throws LabException {
        main.lab().clean(progress());
    }

    private Progress progress() {
        return new Steps(spec.commandLine().getErr());
    }

    /** Steps as lines; a command line is cancelled by ending it. */
    private record Steps(PrintWriter to) implements Progress {

        @Override
        public void step(String text) {
            to.println(text);
        }

        @Override
        public boolean cancelled() {
            return false;
        }
    }
}
