package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.eclipse.swt.widgets.Tree;
import org.eclipse.swt.widgets.TreeItem;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.cluster.Fleet;
import org.triplel.ui.fleet.FleetView;

/** What would be lost with a host, in the fleet. */
class HostExposureTest {

    private static final List<String> VMS = List.of("desk-01", "desk-02");

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    private TreeItem host(String name) {
        return bot.visible(Tree.class).stream()
                .flatMap(tree -> Arrays.stream(tree.getItems()))
                .filter(item -> item.getText().startsWith(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void isThatOfAllOfItsVmsAndGoesWhenItIsHome() {
        bot.view(FleetView.ID);
        for (var vm : VMS) {
            hosts.one.startVm(vm).join();
            hosts.one
                    .placeVm(new VmPlacement(vm, Placement.behind(Side.LOCAL, 60, 16, "ada")))
                    .join();
            hosts.one.holdBack(vm, true);
        }
        // each has 16 MiB when its bound is full
        bot.awaitThat("both count", () -> host("client-1").getText().contains("2 of 2 running, 33.6 MB, "));
        assertTrue(bot.ui(() -> host("client-2").getText()).endsWith("running"), "nothing is lost with the other");
        assertEquals(
                33_554_432,
                hosts.one.exposures().join().stream()
                        .mapToLong(each -> each.exposure().bytes())
                        .sum());
        for (var vm : VMS) {
            hosts.one.placeVm(new VmPlacement(vm, Placement.safe(Side.LOCAL))).join();
        }
        bot.awaitThat("nothing would be lost", () -> host("client-1").getText().endsWith("running"));
    }
}
