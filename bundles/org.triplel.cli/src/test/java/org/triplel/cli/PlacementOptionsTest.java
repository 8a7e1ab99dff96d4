package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import picocli.CommandLine;

/** What is said changes, all else stays. */
class PlacementOptionsTest {

    private static final String USER = System.getProperty("user.name");
    private static final Placement ADAS =
            Placement.behind(Side.NAS, 10, 64, "ada").withBase(Side.NAS).acceptedAt(1_000);

    private static PlacementOptions options(String... arguments) {
        var options = new PlacementOptions();
        new CommandLine(options).parseArgs(arguments);
        return options;
    }

    @Test
    void eachPartIsPlacedByItself() {
        assertEquals(ADAS.withBase(Side.LOCAL), options("--base-reads", "host").of(ADAS));
        assertEquals(
                Placement.DEFAULT.withBase(Side.NAS),
                options("--base-reads", "nas").of(Placement.DEFAULT));
        assertEquals(ADAS.withSwap(Side.LOCAL), options("--swap", "host").of(ADAS));
        assertEquals(
                Placement.safe(Side.NAS).withBase(Side.NAS),
                options("--behind", "0").of(ADAS));
        assertEquals(
                Placement.risky(Side.NAS, USER).withBase(Side.NAS),
                options("--journal", "host", "--accept-loss").of(ADAS));
        assertEquals(
                Placement.behind(Side.LOCAL, 5, 64, USER),
                options("--base-reads", "host", "--swap", "host", "--behind", "5", "--accept-loss")
                        .of(ADAS));
        assertEquals(ADAS, options().of(ADAS));
    }

    @Test
    void somethingMustBeSaid() {
        assertFalse(options().given());
        assertTrue(options("--base-reads", "nas").given());
        assertTrue(options("--swap", "nas").given());
    }
}
