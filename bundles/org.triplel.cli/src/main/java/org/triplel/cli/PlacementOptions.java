package org.triplel.cli;

import java.util.Optional;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where parts of the disks of virtual machines are to be kept, as options of a command. */
final class PlacementOptions {

    /** Where a part of a guest's disk is kept. */
    enum Place {
        host,
        nas;

        static Place of(Side side) {
            return side == Side.LOCAL ? host : nas;
        }

        Side side() {
            return this == host ? Side.LOCAL : Side.NAS;
        }
    }

    @Option(
            names = "--base-reads",
            paramLabel = "host|nas",
            description =
                    "What only the base image holds is read from the host's replica, or on the NAS. Nothing is lost with"
                            + " either.")
    private Optional<Place> baseReads;

    @Option(
            names = "--swap",
            paramLabel = "host|nas",
            description = "The guests' swap areas: on the host, where nothing is lost, or on the NAS.")
    private Optional<Place> swap;

    @Option(
            names = "--journal",
            paramLabel = "host|nas",
            description =
                    "The journals of the guests' file systems: on the NAS, where nothing is lost with the host, or"
                            + " on the host: then everything since the last checkpoint may be lost with it, and the file systems"
                            + " need repair. Either ends what --behind began.")
    private Optional<Place> journal;

    @Option(
            names = "--behind",
            paramLabel = "SECONDS",
            description =
                    "What the guests write, apart from swap, goes to the NAS later: the last so many seconds of writing"
                            + " are lost with the host, and the disk is then as after a power cut before them. If the NAS stalls,"
                            + " the guests wait, so they can be older. From 1 to 3600; 0: it goes to the NAS at once.")
    private Optional<Integer> behind;

    @Option(
            names = "--behind-mib",
            paramLabel = "MIB",
            description =
                    "And not more than so much; it takes as much of the host's memory and disk. From 16 to 1024, 64"
                            + " if nothing is said.")
    private Optional<Integer> mebibytes;

    @Option(
            names = "--accept-loss",
            description = "I accept that the loss of the host can destroy recent data of these virtual machines.")
    private boolean acceptLoss;

    /** Whether anything is to be placed. */
    boolean given() {
        return baseReads.isPresent() || swap.isPresent() || journal.isPresent() || behind.isPresent();
    }

    /**
     * @param command to which they belong
     * @throws ParameterException the options contradict each other
     * @throws NotDone nobody accepts what may be lost
     */
    void check(CommandLine command) throws NotDone {
        if (journal.isPresent() && behind.isPresent()) {
            throw new ParameterException(
                    command, "What is written behind includes the journals: say --journal or --behind.");
        }
        if (mebibytes.isPresent() && behind.isEmpty()) {
            throw new ParameterException(command, "--behind-mib is the second half of a bound: say --behind as well.");
        }
        if (behind.filter(seconds -> seconds > 0).isPresent() && !acceptLoss) {
            throw new NotDone("If it is written behind, the loss of the host destroys the last " + behind.get()
                    + " s of writing of the guest. If you accept that, say so: --accept-loss.");
        }
        if (journal.filter(Place.host::equals).isPresent() && !acceptLoss) {
            throw new NotDone("With the journal on the host, the loss of the host can destroy recent data, and the file"
                    + " systems need repair then. If you accept that, say so: --accept-loss.");
        }
    }

    /** The placement of a machine that has {@code now}; what is not said stays. */
    Placement of(Placement now) {
        return written(now).withBase(baseReads.map(Place::side).orElse(now.base()));
    }

    private Placement written(Placement now) {
        var side = swap.map(Place::side).orElse(now.swap());
        if (behind.isPresent()) {
            return behind.get() == 0 ? Placement.safe(side) : behind(side, behind.get());
        }
        return journal.map(place -> place == Place.host ? Placement.risky(side, user()) : Placement.safe(side))
                .orElse(now.withSwap(side));
    }

    private Placement behind(Side swapSide, int seconds) {
        return Placement.behind(swapSide, seconds, mebibytes.orElse(Placement.DEFAULT_RPO_MEBIBYTES), user());
    }

    private static String user() {
        return System.getProperty("user.name");
    }
}
