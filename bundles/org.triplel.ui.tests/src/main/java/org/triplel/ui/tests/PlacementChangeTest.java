package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.eclipse.swt.widgets.Label;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.cluster.Fleet;
import org.triplel.ui.vm.VmView;

/** What is shown of a VM while what its host keeps is moved. */
class PlacementChangeTest {

    private static final String VM = "desk-01";

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    private String exposure() {
        return vms.column("Exposure").getFirst();
    }

    @Test
    void tableAndOverviewSayThatItIsChangingUntilAllHasMoved() {
        hosts.one.startVm(VM).join();
        hosts.one
                .placeVm(new VmPlacement(VM, Placement.behind(Side.LOCAL, 60, 64, "ada")))
                .join();
        bot.awaitThat("something of it would be lost", () -> exposure().contains("MB"));
        assertEquals(-1, bot.ui(this::exposure).indexOf("changing"));
        hosts.one.holdBack(VM, true);
        hosts.one.placeVm(new VmPlacement(VM, Placement.safe(Side.LOCAL))).join();
        bot.awaitThat("the table says so", () -> exposure().equals("changing"));
        var view = bot.view(VmView.ID, VM);
        bot.find(Label.class, label -> label.getText().equals("changing: not all is where it is placed yet"));
        hosts.one.holdBack(VM, false);
        bot.find(Label.class, label -> label.getText().equals("in effect"));
        bot.run(() -> bot.window().getActivePage().hideView(view));
        bot.awaitThat("the table does so no more", () -> !exposure().contains("changing"));
    }
}
