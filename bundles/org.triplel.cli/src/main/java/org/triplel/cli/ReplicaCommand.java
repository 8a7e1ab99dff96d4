package org.triplel.cli;

import java.util.List;
import org.triplel.agent.api.Replica;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Lists and fills the hosts' replicas of base images. */
@Command(name = "replica", description = "The hosts' replicas of base images.", synopsisSubcommandLabel = "COMMAND")
final class ReplicaCommand implements Runnable {

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    private record Row(
            String base,
            int version,
            String host,
            boolean shadowBase,
            long chunks,
            long verifiedChunks,
            String problem) {

        static Row of(Replica replica) {
            return new Row(
                    replica.base(),
                    replica.version(),
                    replica.host(),
                    replica.shadowBase(),
                    replica.chunks(),
                    replica.verifiedChunks(),
                    replica.problem());
        }
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do with replicas.");
    }

    @Command(name = "list", description = "List the replicas.")
    void list() throws Exception {
        try (var session = FleetSession.open(main.lab())) {
            print(session.replicas());
            main.warn(session.problems());
        }
    }

    @Command(name = "fill", description = "Fetch and verify what the replicas lack, and return when they are complete.")
    void fill() throws Exception {
        try (var session = FleetSession.open(main.lab())) {
            for (var replica : session.replicas()) {
                session.askHost(replica.host(), agent -> agent.fillReplica(replica.base()));
            }
            session.awaitReplicas(
                    replica -> replica.complete() || !replica.problem().isEmpty());
            print(session.replicas());
            if (!session.replicas().stream().allMatch(Replica::complete)) {
                throw new NotDone("Not all replicas are complete. " + String.join(" ", session.problems()));
            }
        }
    }

    private void print(List<Replica> replicas) {
        main.output().many(Row.class, replicas.stream().map(Row::of).toList());
    }
}
