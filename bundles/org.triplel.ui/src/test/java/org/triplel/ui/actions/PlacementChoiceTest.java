package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;

class PlacementChoiceTest {

    private static final Optional<Side> SAME = Optional.empty();
    private static final Optional<Side> NAS = Optional.of(Side.NAS);
    private static final Placement ADAS_JOURNAL =
            Placement.risky(Side.LOCAL, "ada").acceptedAt(1_000);
    private static final Placement ADAS_BEHIND =
            Placement.behind(Side.LOCAL, 10, 64, "ada").acceptedAt(1_000);

    private static Placement unasked(PlacementOfWrites writes, Placement now) {
        return new PlacementChoice(SAME, SAME, Optional.of(writes), Optional.empty()).of(now);
    }

    @Test
    void allElseAndItsConsentStayWhenOnlySwapIsChosen() {
        var swapOnly = new PlacementChoice(SAME, NAS, Optional.empty(), Optional.empty());
        assertEquals(Placement.risky(Side.NAS, "ada").acceptedAt(1_000), swapOnly.of(ADAS_JOURNAL));
        assertEquals(Placement.behind(Side.NAS, 10, 64, "ada").acceptedAt(1_000), swapOnly.of(ADAS_BEHIND));
        assertEquals(Placement.safe(Side.NAS), swapOnly.of(Placement.DEFAULT));
        var both = new PlacementChoice(SAME, NAS, Optional.of(PlacementOfWrites.LOG_SPLIT), Optional.empty());
        assertEquals(Placement.risky(Side.NAS, "ada").acceptedAt(1_000), both.of(ADAS_JOURNAL));
    }

    @Test
    void allElseStaysWhenOnlyTheBaseImageIsChosen() {
        var baseOnly = new PlacementChoice(NAS, SAME, Optional.empty(), Optional.empty());
        assertEquals(ADAS_JOURNAL.withBase(Side.NAS), baseOnly.of(ADAS_JOURNAL));
        var elsewhere = Placement.safe(Side.NAS).withBase(Side.NAS);
        assertEquals(
                Placement.safe(Side.LOCAL).withBase(Side.NAS),
                new PlacementChoice(
                                SAME, Optional.of(Side.LOCAL), Optional.of(PlacementOfWrites.THROUGH), Optional.empty())
                        .of(elsewhere),
                "what is not chosen stays");
    }

    @Test
    void smallerBoundIsStillAcceptedByTheSame() {
        assertEquals(Placement.behind(Side.LOCAL, 5, 64, "ada"), unasked(PlacementOfWrites.behind(5, 64), ADAS_BEHIND));
    }

    @Test
    void consentIsNeverMadeUp() {
        assertEquals("", unasked(PlacementOfWrites.LOG_SPLIT, Placement.DEFAULT).acceptedBy());
        assertEquals("", unasked(PlacementOfWrites.LOG_SPLIT, ADAS_BEHIND).acceptedBy());
        assertEquals("", unasked(PlacementOfWrites.behind(11, 64), ADAS_BEHIND).acceptedBy());
        assertEquals("", unasked(PlacementOfWrites.behind(1, 16), ADAS_JOURNAL).acceptedBy());
    }

    @Test
    void whoAcceptsItNowIsTheOne() {
        var bob = Optional.of("bob");
        assertEquals(
                Placement.behind(Side.LOCAL, 20, 128, "bob"),
                new PlacementChoice(SAME, SAME, Optional.of(PlacementOfWrites.behind(20, 128)), bob).of(ADAS_BEHIND));
        assertEquals(
                Placement.risky(Side.LOCAL, "bob"),
                new PlacementChoice(SAME, SAME, Optional.of(PlacementOfWrites.LOG_SPLIT), bob).of(Placement.DEFAULT));
    }

    @Test
    void safeChoiceNeedsNobody() {
        assertEquals(Placement.safe(Side.LOCAL), unasked(PlacementOfWrites.THROUGH, ADAS_JOURNAL));
        assertEquals(Placement.safe(Side.LOCAL), unasked(PlacementOfWrites.THROUGH, ADAS_BEHIND));
    }
}
