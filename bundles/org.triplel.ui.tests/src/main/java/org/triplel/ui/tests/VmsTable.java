package org.triplel.ui.tests;

import java.util.Arrays;
import java.util.List;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.swt.widgets.Table;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Fleet;
import org.triplel.cluster.Host;
import org.triplel.ui.FleetElement;
import org.triplel.ui.fleet.VmsView;

/** The table of virtual machines, as one who looks at it sees it. */
final class VmsTable {

    private final Bot bot;
    private final Fleet fleet;

    VmsTable(Bot bot, Fleet fleet) {
        this.bot = bot;
        this.fleet = fleet;
    }

    /** Until then it shows what was before, and commands go by that. */
    void awaitStoppedVmsOfBothHosts() {
        bot.awaitThat(
                "both hosts are connected",
                () -> fleet.inventory().hosts().size() == 2
                        && fleet.inventory().hosts().stream().allMatch(Host::connected)
                        && fleet.inventory().vms().allMatch(vm -> vm.state() == VmState.STOPPED));
        bot.view(VmsView.ID);
        bot.awaitThat("the table has all VMs", () -> column("State")
                .equals(List.of("stopped", "stopped", "stopped", "stopped")));
    }

    void awaitLossOfBothHosts() {
        bot.awaitThat(
                "both hosts are lost", () -> fleet.inventory().hosts().stream().noneMatch(Host::connected));
    }

    Table table() {
        return bot.visible(Table.class).stream()
                .filter(table -> Arrays.stream(table.getColumns())
                        .anyMatch(column -> column.getText().equals("Local Share")))
                .findFirst()
                .orElseThrow();
    }

    List<String> column(String title) {
        var table = table();
        var index = Arrays.stream(table.getColumns())
                .map(column -> column.getText())
                .toList()
                .indexOf(title);
        return Arrays.stream(table.getItems()).map(item -> item.getText(index)).toList();
    }

    void select(String... vms) {
        var elements = Arrays.stream(vms).map(FleetElement.Machine::new).toList();
        bot.run(() -> {
            table().setFocus();
            bot.window()
                    .getActivePage()
                    .findView(VmsView.ID)
                    .getSite()
                    .getSelectionProvider()
                    .setSelection(new StructuredSelection(elements));
        });
    }
}
