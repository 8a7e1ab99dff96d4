package org.triplel.ui.fleet;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.triplel.agent.api.AgentEvent;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.Icon;
import org.triplel.ui.Moment;
import org.triplel.ui.fleet.ColumnTable.Column;

/** What happened, the newest first. */
public final class EventsView extends TableViewPart<AgentEvent> {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.events";

    private List<AgentEvent> shown = List.of();

    public EventsView() {
        super(Messages.Events_Title);
    }

    @Override
    Object identity(AgentEvent event) {
        return event;
    }

    @Override
    List<Column<AgentEvent>> columns() {
        var newestFirst = Comparator.comparingLong(AgentEvent::timeMillis).reversed();
        var when = new Column<AgentEvent>(
                "time",
                Messages.Events_Time,
                180,
                false,
                event -> Moment.words(event.timeMillis()),
                newestFirst,
                event -> Optional.of(Icon.of(event.severity())),
                Optional.empty(),
                "");
        return List.of(
                when,
                Column.text("severity", Messages.Events_Severity, 80, event -> words(event.severity())),
                Column.text("host", Messages.Events_Host, 90, AgentEvent::host),
                Column.text("vm", Messages.Events_Vm, 90, AgentEvent::vm),
                Column.text("operation", Messages.Events_Operation, 150, AgentEvent::operation),
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
    protected String show(FleetSnapshot snapshot) {
        var events = snapshot.inventory().events();
        if (!events.equals(shown)) {
            shown = events;
            table().setRows(events);
        }
        return events.isEmpty() ? Messages.Events_None : "";
    }
}
