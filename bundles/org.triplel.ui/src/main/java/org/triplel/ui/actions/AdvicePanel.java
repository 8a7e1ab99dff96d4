package org.triplel.ui.actions;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.eclipse.ui.PlatformUI;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.agent.api.VmWatch;
import org.triplel.cluster.AgentException;
import org.triplel.cluster.Fleet;
import org.triplel.ui.Enablement;
import org.triplel.ui.FleetWatch;

/**
 * Below the choices of a VM's placement: what each would have made of what the VM writes, as far as its agent has watched it;
 * has it watched. A watch goes on when the panel is gone.
 */
final class AdvicePanel {

    private static final int LOOK_MILLIS = 1000;
    private static final int LINES = 3;

    private final Fleet fleet;
    private final Vm vm;
    private final Label words;
    private final Button watch;
    private final Button details;
    private final Runnable later = this::lookAgain; // one timer, however often it is set
    private Optional<Advice> seen = Optional.empty();

    AdvicePanel(Composite parent, Vm vm, Fleet fleet) {
        this.vm = vm;
        this.fleet = fleet;
        var panel = new Composite(parent, SWT.NONE);
        GridLayoutFactory.swtDefaults().numColumns(2).margins(12, 0).applyTo(panel);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(panel);
        words = new Label(panel, SWT.WRAP);
        GridDataFactory.fillDefaults()
                .span(2, 1)
                .grab(true, false)
                .hint(
                        PlacementRow.WIDTH,
                        LINES * words.computeSize(SWT.DEFAULT, SWT.DEFAULT).y) // so that nothing jumps
                .applyTo(words);
        watch = new Button(panel, SWT.PUSH);
        watch.setText(NLS.bind(Messages.Advice_Watch, VmWatch.DEFAULT_MINUTES));
        watch.addListener(SWT.Selection, event -> watchOrEnd());
        details = new Button(panel, SWT.PUSH);
        details.setText(Messages.Advice_Details);
        var painter = PlatformUI.getWorkbench().getService(FleetWatch.class).background();
        details.addListener(
                SWT.Selection,
                event -> seen.ifPresent(advice -> new AdviceDialog(details.getShell(), advice, painter).open()));
        words.setText(vm.state() == VmState.RUNNING ? Messages.Advice_None : Messages.Advice_Off);
        show(Optional.empty());
        look();
    }

    private void watchOrEnd() {
        if (watched()) {
            ask(agent -> agent.endWatch(vm.name()));
        } else {
            ask(agent -> agent.watchVm(new VmWatch(vm.name(), VmWatch.DEFAULT_MINUTES)));
        }
    }

    private boolean watched() {
        return seen.filter(Advice::running).isPresent();
    }

    private void look() {
        if (vm.state() == VmState.RUNNING) {
            ask(agent -> agent.advice(vm.name()));
        }
    }

    private void ask(Function<AgentService, CompletableFuture<Advice>> request) {
        var display = words.getDisplay();
        fleet.call(vm.host(), request).whenComplete((advice, failure) -> {
            if (!display.isDisposed()) {
                display.asyncExec(() -> answered(Optional.ofNullable(advice), failure));
            }
        });
    }

    private void answered(Optional<Advice> advice, Throwable failure) {
        if (words.isDisposed()) {
            return;
        }
        var before = watched();
        if (advice.isPresent()) {
            words.setText(AdviceWords.summary(advice.get()));
            show(advice);
        } else if (!isNotWatched(failure)) {
            words.setText(failure.getMessage());
        } else if (before) { // the VM, or its agent, has ended meanwhile
            words.setText(Messages.Advice_None);
            show(Optional.empty());
        }
        if (watched() && !before) {
            lookLater();
        }
    }

    private static boolean isNotWatched(Throwable failure) {
        var cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof AgentException refused && refused.error().kind() == AgentError.Kind.NOT_FOUND;
    }

    private void lookLater() {
        words.getDisplay().timerExec(LOOK_MILLIS, later);
    }

    private void lookAgain() {
        if (!words.isDisposed() && watched()) {
            look();
            lookLater();
        }
    }

    private void show(Optional<Advice> advice) {
        seen = advice;
        watch.setText(watched() ? Messages.Advice_End : NLS.bind(Messages.Advice_Watch, VmWatch.DEFAULT_MINUTES));
        watch.requestLayout();
        Enablement.set(watch, vm.state() == VmState.RUNNING);
        Enablement.set(details, advice.isPresent());
    }
}
