package org.triplel.ui.fleet;

import java.util.List;
import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.action.Action;
import org.eclipse.jface.action.IAction;
import org.eclipse.jface.action.IMenuCreator;
import org.eclipse.swt.SWT;
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
import org.triplel.ui.AccessibleName;
import org.triplel.ui.FleetViewPart;
import org.triplel.ui.Icon;
import org.triplel.ui.fleet.ColumnTable.Column;

/**
 * A view of the fleet that is a table: it can be filtered and copied, and its columns are chosen by the user and kept.
 *
 * @param <R> a row
 */
abstract class TableViewPart<R> extends FleetViewPart {

    private static final int SMALLEST = 80;

    private final String name;
    private IMemento memento;
    private ColumnTable<R> table;

    /** @param name what the table is called for those who cannot see it */
    TableViewPart(String name) {
        this.name = name;
    }

    abstract List<Column<R>> columns();

    /** What stays the same when a row changes, and is what can be selected. */
    abstract Object identity(R row);

    /** Called once, when the table is there. */
    void created(ColumnTable<R> created) {
        // most tables need nothing more
    }

    final ColumnTable<R> table() {
        return table;
    }

    @Override
    public final void init(IViewSite site, IMemento saved) throws PartInitException {
        super.init(site, saved);
        memento = saved;
    }

    @Override
    public final void saveState(IMemento saved) {
        table.save(saved);
    }

    @Override
    protected final Control createContent(Composite parent) {
        var page = new Composite(parent, SWT.NONE);
        var layout = new GridLayout();
        layout.marginWidth = 0;
        layout.marginHeight = 0;
        layout.verticalSpacing = 2;
        page.setLayout(layout);
        var filter = new Text(page, SWT.SEARCH | SWT.ICON_SEARCH | SWT.ICON_CANCEL);
        filter.setMessage(Messages.Table_Filter);
        filter.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
        table = new ColumnTable<>(page, columns(), this::identity);
        var size = new GridData(SWT.FILL, SWT.FILL, true, true);
        // GTK complains of scroll bars that get less, as they do before the view has its size
        size.minimumWidth = SMALLEST;
        size.minimumHeight = SMALLEST;
        table.control().setLayoutData(size);
        AccessibleName.set(table.control(), name);
        AccessibleName.set(filter, Messages.Table_Filter);
        filter.addListener(SWT.Modify, event -> table.setFilter(filter.getText()));
        filter.addListener(SWT.KeyDown, event -> {
            if (event.keyCode == SWT.ARROW_DOWN) {
                table.control().setFocus();
            }
        });
        created(table);
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

    private IAction columnsAction() {
        var action = new Action(Messages.Table_Columns, IAction.AS_DROP_DOWN_MENU) {
            @Override
            public void runWithEvent(Event event) {
                columnMenu(table.control()).setVisible(true);
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
    protected final void focusContent() {
        table.control().setFocus();
    }
}
