package org.triplel.ui.fleet;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.action.Action;
import org.eclipse.jface.action.IAction;
import org.eclipse.jface.action.IMenuCreator;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Menu;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.IMemento;
import org.eclipse.ui.IViewSite;
import org.eclipse.ui.IWorkbenchCommandConstants;
import org.eclipse.ui.PartInitException;
import org.eclipse.ui.handlers.IHandlerService;
import org.triplel.ui.FleetElement;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetViewPart;
import org.triplel.ui.Icon;
import org.triplel.ui.VmLoad;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.Sparkline;
import org.triplel.ui.charts.Units;
import org.triplel.ui.fleet.ColumnTable.Column;
import org.triplel.ui.vm.VmView;

/** All VMs of the fleet as a table. */
public final class VmsView extends FleetViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.vms";

    private static final int BAR_WIDTH = 56;

    private IMemento memento;
    private ColumnTable<VmRow> table;
    private List<String> states = List.of();

    @Override
    public void init(IViewSite site, IMemento saved) throws PartInitException {
        super.init(site, saved);
        memento = saved;
    }

    @Override
    public void saveState(IMemento saved) {
        table.save(saved);
    }

    @Override
    protected Control createContent(Composite parent) {
        var page = new Composite(parent, SWT.NONE);
        var layout = new GridLayout();
        layout.marginWidth = 0;
        layout.marginHeight = 0;
        layout.verticalSpacing = 2;
        page.setLayout(layout);
        var filter = new Text(page, SWT.SEARCH | SWT.ICON_SEARCH | SWT.ICON_CANCEL);
        filter.setMessage(Messages.Vms_Filter);
        filter.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
        table = new ColumnTable<>(
                page, columns(), row -> new FleetElement.Machine(row.vm().name()));
        table.control().setLayoutData(new GridData(SWT.FILL, SWT.FILL, true, true));
        AccessibleName.set(table.control(), Messages.Vms_Title);
        AccessibleName.set(filter, Messages.Vms_Filter);
        filter.addListener(SWT.Modify, event -> table.setFilter(filter.getText()));
        filter.addListener(SWT.KeyDown, event -> {
            if (event.keyCode == SWT.ARROW_DOWN) {
                table.control().setFocus();
            }
        });
        table.onOpen(element -> VmView.open(getSite().getPage(), ((FleetElement.Machine) element).name()));
        table.sortBy("name");
        if (memento != null) {
            table.restore(memento);
        }
        getSite().setSelectionProvider(table);
        contextMenu(table.control(), table);
        getViewSite().getActionBars().getToolBarManager().add(columnsAction());
        handle(IWorkbenchCommandConstants.EDIT_COPY, table::copy);
        handle(IWorkbenchCommandConstants.EDIT_SELECT_ALL, table::selectAll);
        handle(IWorkbenchCommandConstants.EDIT_FIND_AND_REPLACE, filter::setFocus);
        return page;
    }

    private void handle(String command, Runnable action) {
        getSite().getService(IHandlerService.class).activateHandler(command, new AbstractHandler() {
            @Override
            public Object execute(ExecutionEvent event) {
                action.run();
                return null;
            }
        });
    }

    private static List<Column<VmRow>> columns() {
        return List.of(
                Column.<VmRow>text("state", Messages.Vms_State, 84, row -> Icon.words(row.vm(), row.host()))
                        .with(row -> Icon.of(row.vm(), row.host())),
                Column.text("name", Messages.Vms_Name, 80, row -> row.vm().name()),
                Column.text("host", Messages.Vms_Host, 74, row -> row.vm().host()),
                Column.text(
                        "base",
                        Messages.Vms_Base,
                        100,
                        row -> row.vm().base() + " v" + row.vm().baseVersion()),
                Column.<VmRow>number(
                                "share",
                                Messages.Vms_LocalShare,
                                104,
                                row -> share(row.load()),
                                Comparator.comparingDouble(row -> row.load().localShare()))
                        .with(VmsView::paintShare),
                Column.number(
                        "io",
                        Messages.Vms_Io,
                        84,
                        row -> Units.rate(row.load().now()),
                        Comparator.comparingDouble(row -> row.load().now())),
                Column.number(
                        "nas",
                        Messages.Vms_Nas,
                        84,
                        row -> Units.rate(row.load().nasNow()),
                        Comparator.comparingDouble(row -> row.load().nasNow())),
                new Column<>(
                        "minute",
                        Messages.Vms_Minute,
                        92,
                        false,
                        row -> "",
                        Comparator.<VmRow>comparingDouble(row -> row.load().now()),
                        row -> Optional.empty(),
                        Optional.of(VmsView::paintMinute)),
                Column.number(
                        "boot",
                        Messages.Vms_Boot,
                        82,
                        row -> row.vm().ready() ? Units.duration(row.vm().readyAfterMillis()) : Units.NONE,
                        Comparator.comparingLong(row -> row.vm().readyAfterMillis())),
                Column.text("why", Messages.Vms_WhyNot, 260, VmRow::whyNot));
    }

    private static String share(VmLoad load) {
        return load.localShare() < 0 ? Units.NONE : Units.percent(load.localShare());
    }

    private static void paintShare(GC gc, Rectangle area, VmRow row, Palette palette) {
        if (row.load().localShare() >= 0) {
            var bar = new Rectangle(area.x, area.y + 2, Math.min(BAR_WIDTH, area.width), area.height - 4);
            new Sparkline(palette).share(gc, bar, row.load().localShare(), new ClassColors(palette).local());
        }
    }

    private static void paintMinute(GC gc, Rectangle area, VmRow row, Palette palette) {
        new Sparkline(palette).traffic(gc, area, row.load().local(), row.load().nas());
    }

    private IAction columnsAction() {
        var action = new Action(Messages.Vms_Columns, IAction.AS_DROP_DOWN_MENU) {
            @Override
            public void runWithEvent(Event event) {
                var menu = columnMenu(table.control());
                menu.setVisible(true);
            }
        };
        action.setImageDescriptor(Icon.COLUMNS.descriptor());
        action.setMenuCreator(new IMenuCreator() {
            @Override
            public Menu getMenu(Control parent) {
                return columnMenu(parent);
            }

            @Override
            public Menu getMenu(Menu parent) {
                return columnMenu(table.control());
            }

            @Override
            public void dispose() {
                // each menu goes with its parent
            }
        });
        return action;
    }

    private Menu columnMenu(Control parent) {
        var menu = new Menu(parent);
        table.fillColumnMenu(menu);
        return menu;
    }

    @Override
    public void setFocus() {
        table.control().setFocus();
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        var rows = new ArrayList<VmRow>();
        for (var host : snapshot.inventory().hosts()) {
            for (var vm : host.vms()) {
                rows.add(new VmRow(vm, host, snapshot.load(vm.name()), WhyNot.of(vm, host, snapshot.atMillis())));
            }
        }
        table.setRows(rows);
        var now = rows.stream().map(row -> row.vm().name() + row.vm().state()).toList();
        if (!now.equals(states)) {
            // what commands apply to depends on the VMs' states
            states = now;
            table.fireSelection();
        }
        if (!rows.isEmpty()) {
            return "";
        }
        return snapshot.inventory().hosts().isEmpty() ? Messages.Vms_NoHosts : Messages.Vms_None;
    }
}
