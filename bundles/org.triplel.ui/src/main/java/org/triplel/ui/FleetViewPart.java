package org.triplel.ui;

import java.util.Optional;
import org.eclipse.core.commands.common.CommandException;
import org.eclipse.jface.action.IContributionItem;
import org.eclipse.jface.action.MenuManager;
import org.eclipse.jface.action.Separator;
import org.eclipse.jface.viewers.ISelectionProvider;
import org.eclipse.swt.SWT;
import org.eclipse.swt.custom.StackLayout;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.ui.IWorkbenchActionConstants;
import org.eclipse.ui.commands.ICommandService;
import org.eclipse.ui.handlers.IHandlerService;
import org.eclipse.ui.part.ViewPart;
import org.eclipse.ui.services.IEvaluationService;
import org.triplel.agent.api.AgentEvent;
import org.triplel.cluster.Fleet;

/**
 * A view of the fleet. It is given snapshots while it is open. As long as there is nothing to show, it says so in a sentence
 * instead, and offers what would change that.
 */
public abstract class FleetViewPart extends ViewPart {

    private FleetWatch watch;

    private Composite stack;
    private Control content;
    private Label empty;
    private Button button;
    private Optional<Offer> offered = Optional.empty();

    /** Creates the content. */
    protected abstract Control createContent(Composite parent);

    /**
     * Shows a snapshot, on the UI thread.
     *
     * @return why there is nothing to show and what would change that, or empty if there is something
     */
    protected abstract String show(FleetSnapshot snapshot);

    protected final FleetWatch watch() {
        return watch;
    }

    @Override
    public final void createPartControl(Composite parent) {
        watch = getSite().getService(FleetWatch.class);
        stack = new Composite(parent, SWT.NONE);
        var layout = new StackLayout();
        stack.setLayout(layout);
        content = createContent(stack);
        createEmpty();
        layout.topControl = content;
        Fleet.Subscription subscription = watch.watch(this::take);
        parent.addListener(SWT.Dispose, event -> subscription.close());
    }

    /** Shows the newest snapshot again, because something else has changed that matters. */
    protected final void refresh() {
        take(watch.newest());
    }

    private void createEmpty() {
        var page = new Composite(stack, SWT.NONE);
        page.setLayout(new GridLayout());
        empty = new Label(page, SWT.WRAP);
        empty.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
        button = new Button(page, SWT.PUSH);
        button.setVisible(false);
        button.addListener(SWT.Selection, event -> offered.map(Offer::command).ifPresent(this::run));
    }

    /** What is offered where there is nothing to show: as long as there is no host, what the application does. */
    protected Optional<Offer> offer(FleetSnapshot snapshot) {
        return snapshot.inventory().hosts().isEmpty()
                ? Optional.of(getSite().getService(Offer.class))
                : Optional.empty();
    }

    /** Runs a command as its menu would. */
    protected final void run(String command) {
        try {
            getSite().getService(IHandlerService.class).executeCommand(command, null);
        } catch (CommandException e) {
            throw new IllegalStateException(command, e);
        }
    }

    private void take(FleetSnapshot snapshot) {
        if (content.isDisposed()) {
            return;
        }
        var why = withReason(show(snapshot), snapshot);
        var layout = (StackLayout) stack.getLayout();
        var top = why.isEmpty() ? content : empty.getParent();
        if (!why.equals(empty.getText())) {
            empty.setText(why);
            empty.getParent().layout();
        }
        if (top != content) {
            makeOffer(offer(snapshot).filter(this::canRun));
        }
        if (layout.topControl != top) {
            layout.topControl = top;
            stack.layout();
        }
    }

    private boolean canRun(Offer offer) {
        var command = getSite().getService(ICommandService.class).getCommand(offer.command());
        command.setEnabled(getSite().getService(IEvaluationService.class).getCurrentState());
        return command.isEnabled();
    }

    private void makeOffer(Optional<Offer> next) {
        if (!next.equals(offered)) {
            offered = next;
            button.setText(next.map(Offer::label).orElse(""));
            button.setVisible(next.isPresent());
            button.requestLayout();
        }
    }

    /** Where nothing is because something failed, that is said in the same place. */
    private static String withReason(String why, FleetSnapshot snapshot) {
        var events = snapshot.inventory().events();
        return why.isEmpty()
                        || !snapshot.inventory().hosts().isEmpty()
                        || events.isEmpty()
                        || events.getLast().severity() != AgentEvent.Severity.ERROR
                ? why
                : why + "\n\n" + events.getLast().message();
    }

    /** Gives a control a context menu to which plug-ins contribute under the view's id, after {@code first}. */
    protected final void contextMenu(Control control, ISelectionProvider provider, IContributionItem... first) {
        var menu = new MenuManager();
        for (var item : first) {
            menu.add(item);
        }
        menu.add(new Separator(IWorkbenchActionConstants.MB_ADDITIONS));
        control.setMenu(menu.createContextMenu(control));
        getSite().registerContextMenu(menu, provider);
    }

    /** Puts the focus into the content. */
    protected void focusContent() {
        content.setFocus();
    }

    @Override
    public final void setFocus() {
        var layout = (StackLayout) stack.getLayout();
        if (layout.topControl == content) {
            focusContent();
        } else {
            layout.topControl.setFocus();
        }
    }
}
