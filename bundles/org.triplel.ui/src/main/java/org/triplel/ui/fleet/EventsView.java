package org.triplel.ui.fleet;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.swt.SWT;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.IWorkbenchCommandConstants;
import org.eclipse.ui.handlers.IHandlerService;
import org.triplel.agent.api.AgentEvent;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetViewPart;
import org.triplel.ui.Icon;
import org.triplel.ui.fleet.ColumnTable.Column;

/** What happened, the newest first. */
public final class EventsView extends FleetViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.events";

    private final DateTimeFormatter time =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());
    private ColumnTable<AgentEvent> table;
    private List<AgentEvent> shown = List.of();

    @Override
    protected Control createContent(Composite parent) {
        var page = new Composite(parent, SWT.NONE);
        var layout = new GridLayout();
        layout.marginWidth = 0;
        layout.marginHeight = 0;
        layout.verticalSpacing = 2;
        page.setLayout(layout);
        var filter = new Text(page, SWT.SEARCH | SWT.ICON_SEARCH | SWT.ICON_CANCEL);
        filter.setMessage(Messages.Events_Filter);
        filter.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
        AccessibleName.set(filter, Messages.Events_Filter);
        table = new ColumnTable<>(page, columns(), event -> event);
        table.control().setLayoutData(new GridData(SWT.FILL, SWT.FILL, true, true));
        AccessibleName.set(table.control(), Messages.Events_Title);
        filter.addListener(SWT.Modify, event -> table.setFilter(filter.getText()));
        getSite()
                .getService(IHandlerService.class)
                .activateHandler(IWorkbenchCommandConstants.EDIT_COPY, new AbstractHandler() {
                    @Override
                    public Object execute(ExecutionEvent event) {
                        table.copy();
                        return null;
                    }
                });
        return page;
    }

    private List<Column<AgentEvent>> columns() {
        var newestFirst = Comparator.comparingLong(AgentEvent::timeMillis).reversed();
        var when = new Column<AgentEvent>(
                "time",
                Messages.Events_Time,
                110,
                false,
                event -> time.format(Instant.ofEpochMilli(event.timeMillis())),
                newestFirst,
                event -> Optional.of(Icon.of(event.severity())),
                Optional.empty());
        return List.of(
                when,
                Column.text("severity", Messages.Events_Severity, 80, event -> words(event.severity())),
                Column.text("host", Messages.Events_Host, 90, AgentEvent::host),
                Column.text("vm", Messages.Events_Vm, 90, AgentEvent::vm),
                Column.text("operation", Messages.Events_Operation, 120, AgentEvent::operation),
                Column.text("message", Messages.Events_Message, 600, AgentEvent::message));
    }

    private static String words(AgentEvent.Severity severity) {
        return switch (severity) {
            case INFO -> Messages.Events_Info;
            case WARNING -> Messages.Events_Warning;
            case ERROR -> Messages.Events_Error;
        };
    }

    @Override
    public void setFocus() {
        table.control().setFocus();
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        var events = snapshot.inventory().events();
        if (!events.equals(shown)) {
            shown = events;
            table.setRows(events);
        }
        return events.isEmpty() ? Messages.Events_None : "";
    }
}
