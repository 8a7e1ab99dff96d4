package org.triplel.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ArgumentsTest {

    @Test
    void nothingMeansTheLab() {
        assertEquals(new Arguments("lab", Map.of(), Optional.empty()), Arguments.parse());
    }

    @Test
    void everythingIsUnderstood() {
        var arguments = Arguments.parse("-tour", "/tmp/x", "-agents", "a=/run/a.sock,b=/run/b=1.sock", "-lab", "two");
        assertEquals("two", arguments.lab());
        assertEquals(Map.of("a", Path.of("/run/a.sock"), "b", Path.of("/run/b=1.sock")), arguments.agents());
        assertEquals(Optional.of(Path.of("/tmp/x")), arguments.tour());
    }

    @Test
    void brokenListOfAgentsIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Arguments.parse("-agents", "/run/a.sock"));
    }
}
