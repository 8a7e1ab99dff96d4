package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class PlacementNowTest {

    private static PlacementNow<String> now(String... places) {
        return new PlacementNow<>(List.of(places), Function.identity());
    }

    @Test
    void whatAllHaveIsCommon() {
        assertEquals(Optional.of("here"), now("here").common());
        assertEquals(Optional.of("there"), now("there", "there").common());
        assertEquals(Optional.empty(), now("there", "there").difference());
    }

    @Test
    void ofMixedOnesItIsSaidHowManyAreWhereTheMostFirst() {
        var mixed = now("here", "there", "there");
        assertEquals(Optional.empty(), mixed.common());
        assertEquals(Optional.of("Now 2 there, 1 here"), mixed.difference());
    }

    @Test
    void manyPlacesAreNotToldOneByOne() {
        assertEquals(
                Optional.of("Now 2 e, 1 a, 1 b, 2 otherwise"),
                now("a", "b", "c", "d", "e", "e").difference());
    }
}
