package org.triplel.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.triplel.agent.AgentMain;
import org.triplel.cluster.AgentException;
import org.triplel.cluster.Size;
import org.triplel.lab.Lab;
import org.triplel.lab.LabException;
import org.triplel.lab.NasMain;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** The {@code triplel} command. Results go to standard output, everything else to standard error. */
@Command(
        name = "triplel",
        description = "Triple-L: virtual machines whose disks are split between the NAS and the host.",
        mixinStandardHelpOptions = true,
        version = "triplel 0.1.0",
        subcommands = {
            LabCommand.class,
            VmCommand.class,
            ReplicaCommand.class,
            BootStormCommand.class,
            InspectCommand.class,
            RecoverCommand.class,
            ServeCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "Exit status: 0 done, 1 not done and why on standard error, 2 the command makes no sense."})
final class Main implements Runnable {

    private static final int NOT_DONE = 1;

    @Option(
            names = "--lab",
            paramLabel = "NAME",
            scope = CommandLine.ScopeType.INHERIT,
            description = "The lab that is meant (default: " + Lab.DEFAULT_NAME + ").")
    // no default value for picocli, which would take it for the command of the same name
    private String lab = Lab.DEFAULT_NAME;

    @Option(names = "--json", scope = CommandLine.ScopeType.INHERIT, description = "Print the result as JSON.")
    private boolean json;

    private final PrintWriter results;

    private Main(PrintWriter results) {
        this.results = results;
    }

    public static void main(String[] args) {
        var command = commandLine(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        int status = command.execute(args);
        // the agent and the NAS run on in threads of their own
        if (!command.getParseResult().hasSubcommand() || !isService(command)) {
            System.exit(status);
        }
    }

    /** The command whose results go there. */
    static CommandLine commandLine(PrintWriter results) {
        var command = new CommandLine(new Main(results));
        command.registerConverter(Size.class, text -> Size.parse(text)
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is no size, such as 20GiB")));
        command.setExecutionExceptionHandler((failure, line, _) -> {
            line.getErr().println("triplel: " + sentence(failure));
            return NOT_DONE;
        });
        return command;
    }

    private static boolean isService(CommandLine command) {
        var name = command.getParseResult().subcommand().commandSpec().name();
        return name.equals("agent") || name.equals("nas");
    }

    @Override
    public void run() {
        throw new ParameterException(new CommandLine(this), "Say what to do: a command is missing.");
    }

    @Command(name = "agent", description = "Run a NAS client's agent until it is told to stop.")
    void agent(@Parameters(paramLabel = "CONFIG", description = "Its properties file.") Path config) throws Exception {
        AgentMain.main(new String[] {config.toString()});
    }

    @Command(name = "nas", description = "Run the lab's NAS until it is told to stop.", hidden = true)
    void nas(@Parameters(paramLabel = "CONFIG", description = "Its properties file.") Path config) throws Exception {
        NasMain.main(new String[] {config.toString()});
    }

    Lab lab() throws LabException {
        return new Lab(lab, Path.of(System.getProperty("triplel.home")));
    }

    Output output() {
        return json ? new JsonOutput(results) : new TextOutput(results);
    }

    /** Says what is wrong beside what was asked for. */
    void warn(List<String> problems) {
        problems.forEach(problem -> System.err.println("triplel: " + problem));
    }

    /** Why something was not done, for people; a stack trace only where it is a fault of ours. */
    private static String sentence(Exception failure) {
        if (failure instanceof LabException || failure instanceof AgentException || failure instanceof NotDone) {
            return failure.getMessage();
        }
        var trace = new java.io.StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        return "a fault of Triple-L; please report it. " + trace;
    }
}
