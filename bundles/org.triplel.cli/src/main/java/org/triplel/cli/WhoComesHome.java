package org.triplel.cli;

import java.util.List;
import java.util.Optional;
import org.triplel.agent.api.Vm;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which virtual machines are to be brought home, as arguments of a command. */
final class WhoComesHome {

    @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.")
    private List<String> names = List.of();

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "All virtual machines of this host of which something may be lost with it.")
    private Optional<String> host = Optional.empty();

    List<String> names(FleetSession fleet) throws NotDone {
        return host.isEmpty()
                ? names
                : fleet.vmsOn(host.get()).stream()
                        .filter(Vm::canBeBroughtHome)
                        .map(Vm::name)
                        .toList();
    }
}
