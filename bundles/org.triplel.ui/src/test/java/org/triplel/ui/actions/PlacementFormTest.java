package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;

class PlacementFormTest {

    private static final Optional<Side> HOST = Optional.of(Side.LOCAL);
    private static final Optional<Side> NAS = Optional.of(Side.NAS);
    private static final Optional<Side> OPEN = Optional.empty();
    private static final PlacementNow ALL = new PlacementNow("Swap", 3, 3);
    private static final PlacementNow SOME = new PlacementNow("Journal", 1, 3);
    private static final PlacementNow NONE = new PlacementNow("Journal", 0, 3);

    private static PlacementForm form(PlacementNow journalNow, Optional<Side> journal, boolean accepted) {
        return new PlacementForm(ALL, journalNow, HOST, journal, false, accepted);
    }

    @Test
    void theHostNeedsConsentForTheJournalOnly() {
        assertEquals(Optional.empty(), form(NONE, HOST, false).choice("ada"));
        assertEquals(
                Optional.of("Tick that you accept the risk, or keep the journal on the NAS."),
                form(NONE, HOST, false).hint());
        assertEquals(
                Optional.of(new PlacementChoice(HOST, HOST, Optional.of("ada"))),
                form(NONE, HOST, true).choice("ada"));
        assertEquals(Optional.empty(), form(NONE, HOST, true).hint());
        assertEquals(
                Optional.of(new PlacementChoice(HOST, NAS, Optional.empty())),
                form(NONE, NAS, false).choice("ada"));
    }

    @Test
    void whatAllHaveAcceptedIsNotAskedAgain() {
        var form = new PlacementForm(ALL, new PlacementNow("Journal", 3, 3), NAS, HOST, true, false);
        assertFalse(form.asks());
        assertEquals(Optional.of(new PlacementChoice(NAS, HOST, Optional.empty())), form.choice("bob"));
    }

    @Test
    void aRowThatDiffersMayStayOpenIfTheOtherIsChanged() {
        assertEquals(Optional.empty(), form(SOME, OPEN, false).choice("ada"));
        assertEquals(
                Optional.of("Journal: 1 of 3 have it on the host. What you do not choose stays as it is."),
                form(SOME, OPEN, false).hint());
        var swapOnly = new PlacementForm(ALL, SOME, NAS, OPEN, false, false);
        assertEquals(Optional.of(new PlacementChoice(NAS, OPEN, Optional.empty())), swapOnly.choice("ada"));
        assertTrue(swapOnly.hint().isPresent());
        assertEquals(Optional.empty(), form(SOME, NAS, false).hint());
    }

    @Test
    void bothDifferencesAreTold() {
        var form = new PlacementForm(new PlacementNow("Swap", 2, 3), SOME, OPEN, OPEN, false, false);
        assertEquals(
                Optional.of("Swap: 2 of 3 have it on the host. Journal: 1 of 3 have it on the host."
                        + " What you do not choose stays as it is."),
                form.hint());
    }

    @Test
    void theJournalAndItsConsentStayWhenOnlySwapIsChosen() {
        var now = Placement.risky(Side.LOCAL, "ada").acceptedAt(1_000);
        var swapOnly = new PlacementChoice(NAS, OPEN, Optional.empty());
        assertEquals(Placement.risky(Side.NAS, "ada").acceptedAt(1_000), swapOnly.of(now));
        assertEquals(Placement.safe(Side.NAS), swapOnly.of(Placement.DEFAULT));
        assertEquals(
                Placement.risky(Side.NAS, "ada").acceptedAt(1_000),
                new PlacementChoice(NAS, HOST, Optional.empty()).of(now));
    }

    @Test
    void consentIsNeverMadeUp() {
        assertEquals(
                "",
                new PlacementChoice(NAS, HOST, Optional.empty())
                        .of(Placement.DEFAULT)
                        .acceptedBy());
        assertEquals(
                Placement.risky(Side.LOCAL, "bob"),
                new PlacementChoice(OPEN, HOST, Optional.of("bob")).of(Placement.DEFAULT));
        assertEquals(
                Placement.safe(Side.LOCAL),
                new PlacementChoice(OPEN, NAS, Optional.empty()).of(Placement.risky(Side.LOCAL, "ada")));
    }
}
