package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever dies, and whenever: what is left is the guest's disk as after a power cut, not too long ago. */
class WriteBehindSimulationTest {

    private static final int STEPS = 2_000;

    @TempDir
    Path folder;

    private void live(int lives) throws Exception {
        long first = Long.getLong("triplel.seed", System.nanoTime()); // a failure tells its seed
        int verdicts = 0;
        int crashes = 0;
        for (long seed = first; seed < first + lives; seed++) {
            try {
                var life = new WriteBehindSimulation(seed, folder);
                life.run(STEPS);
                verdicts += life.verdicts();
                crashes += life.crashes();
            } catch (AssertionError | Exception damage) {
                throw new AssertionError("seed " + seed + ": " + damage.getMessage(), damage);
            }
        }
        assertTrue(verdicts > 10 * lives && crashes > lives, verdicts + " verdicts, " + crashes + " crashes");
    }

    @Test
    @Timeout(300)
    void nothingIsLostInAFewLives() throws Exception {
        live(20);
    }

    /** More than a million requests of guests: one step in four is something else. */
    @Test
    @Tag("long")
    @Timeout(3600)
    void nothingIsLostInManyLives() throws Exception {
        live(700);
    }
}
