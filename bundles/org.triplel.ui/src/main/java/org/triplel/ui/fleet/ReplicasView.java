package org.triplel.ui.fleet;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Rectangle;
import org.triplel.ui.Commands;
import org.triplel.ui.FleetElement;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.Icon;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.Sparkline;
import org.triplel.ui.charts.Units;
import org.triplel.ui.fleet.ColumnTable.Column;

/** Which host has how much of which base image, and whether it is used. */
public final class ReplicasView extends TableViewPart<ReplicaRow> {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.replicas";

    private static final String SHADOW_BASE = "shadow-base";
    private static final int BAR_WIDTH = 90;

    public ReplicasView() {
        super(Messages.Replicas_Title);
    }

    @Override
    Object identity(ReplicaRow row) {
        return new FleetElement.Copy(row.replica().host(), row.replica().base());
    }

    @Override
    void created(ColumnTable<ReplicaRow> table) {
        table.control().addListener(SWT.MouseDown, event -> {
            if (event.button == 1) {
                table.cellAt(event.x, event.y)
                        .filter(cell -> cell.column().equals(SHADOW_BASE))
                        .ifPresent(cell -> toggle(cell.row()));
            }
        });
    }

    private void toggle(ReplicaRow row) {
        table().setSelection(new StructuredSelection(identity(row)));
        run(row.replica().shadowBase() ? Commands.SHADOW_BASE_OFF : Commands.SHADOW_BASE_ON);
    }

    @Override
    List<Column<ReplicaRow>> columns() {
        return List.of(
                Column.<ReplicaRow>text("base", Messages.Replicas_Base, 130, row -> row.replica()
                                .base())
                        .with(row -> Icon.BASE),
                Column.text(
                        "version",
                        Messages.Replicas_Version,
                        70,
                        row -> "v" + row.replica().version()),
                Column.<ReplicaRow>text("host", Messages.Replicas_Host, 110, row -> row.replica()
                                .host())
                        .with(row -> row.reachable() ? Icon.HOST : Icon.HOST_LOST),
                Column.<ReplicaRow>text(
                                SHADOW_BASE,
                                Messages.Replicas_ShadowBase,
                                110,
                                row -> row.replica().shadowBase() ? Messages.Replicas_On : Messages.Replicas_Off)
                        .with(row -> row.replica().shadowBase() ? Icon.SHADOW_ON : Icon.SHADOW_OFF),
                new Column<>(
                        "share",
                        Messages.Replicas_Verified,
                        110,
                        false,
                        row -> "",
                        Comparator.comparingDouble(ReplicaRow::share),
                        row -> Optional.empty(),
                        Optional.of(ReplicasView::paintShare),
                        ""),
                Column.text("state", Messages.Replicas_State, 170, ReplicaRow::state),
                Column.number(
                        "size",
                        Messages.Replicas_Size,
                        90,
                        row -> Units.bytes(row.replica().bytes()),
                        Comparator.comparingLong(row -> row.replica().bytes())),
                Column.text("problem", Messages.Replicas_Problem, 300, row -> row.replica()
                        .problem()));
    }

    private static void paintShare(GC gc, Rectangle area, ReplicaRow row, Palette palette) {
        var bar = new Rectangle(area.x, area.y + 2, Math.min(BAR_WIDTH, area.width), area.height - 4);
        new Sparkline(palette).share(gc, bar, row.share(), new ClassColors(palette).base());
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        var rows = new ArrayList<ReplicaRow>();
        for (var host : snapshot.inventory().hosts()) {
            host.replicas().forEach(replica -> rows.add(new ReplicaRow(replica, host.connected())));
        }
        table().setRows(rows);
        return rows.isEmpty() ? Messages.Replicas_None : "";
    }
}
