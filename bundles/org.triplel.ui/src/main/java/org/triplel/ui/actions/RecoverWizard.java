package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.eclipse.jface.wizard.IWizardPage;
import org.eclipse.jface.wizard.Wizard;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Display;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Fleet;
import org.triplel.cluster.Inventory;

/**
 * Recovers a VM whose disk is, in part, on a lost host: says what happened, has its agent make a sound copy, shows what that
 * is worth, and has somebody decide. What the agent does goes on when the wizard is closed, which can be opened again.
 */
final class RecoverWizard extends Wizard {

    private static final int LOOK_MILLIS = 500;

    private final Fleet fleet;
    private final Vm vm;
    private final RecoverLossPage loss = new RecoverLossPage();
    private final RecoverStepsPage steps = new RecoverStepsPage();
    private final RecoverReportPage report = new RecoverReportPage();
    private final Runnable later = this::lookAgain; // one timer, however often it is set
    private Optional<RecoveryStatus> status = Optional.empty();
    private Optional<String> refusal = Optional.empty();
    private Optional<String> silence = Optional.empty();
    private boolean begun;

    RecoverWizard(Fleet fleet, Vm vm) {
        this.fleet = fleet;
        this.vm = vm;
        setWindowTitle(NLS.bind(Messages.Recover_Title, vm.name()));
    }

    @Override
    public void addPages() {
        addPage(loss);
        addPage(steps);
        addPage(report);
    }

    @Override
    public void createPageControls(Composite parent) {
        super.createPageControls(parent);
        lookAgain();
    }

    Vm vm() {
        return vm;
    }

    Inventory inventory() {
        return fleet.inventory();
    }

    /** What the agent has said last. */
    Optional<RecoveryStatus> status() {
        return status;
    }

    RecoveryStage stage() {
        return status.map(RecoveryStatus::stage).orElse(RecoveryStage.NONE);
    }

    /** Why the agent has not done what it was asked for, or does not answer. */
    Optional<String> trouble() {
        return refusal.or(() -> silence);
    }

    /** Has the agent begin, once: it may not have answered yet. */
    void begin() {
        if (stage() == RecoveryStage.NEEDED && !begun) {
            begun = true;
            refusal = Optional.empty();
            var wanted = new RecoveryRequest(vm.name(), loss.host(), loss.saved());
            ask(agent -> agent.recover(wanted), true);
        }
    }

    void cancel() {
        ask(agent -> agent.cancelRecovery(vm.name()), true);
    }

    private void lookAgain() {
        if (!disposed()) {
            ask(agent -> agent.recovery(vm.name()), false);
        }
    }

    private boolean disposed() {
        return loss.getControl() == null || loss.getControl().isDisposed();
    }

    private void ask(Function<AgentService, CompletableFuture<RecoveryStatus>> request, boolean change) {
        var display = Display.getCurrent();
        fleet.call(vm.host(), request).whenComplete((answer, failure) -> {
            if (!display.isDisposed()) {
                display.asyncExec(() -> answered(Optional.ofNullable(answer), Optional.ofNullable(failure), change));
            }
        });
    }

    private void answered(Optional<RecoveryStatus> answer, Optional<Throwable> failure, boolean change) {
        if (disposed()) {
            return;
        }
        if (change || !begun) { // else it was asked before it began
            begun = false;
            status = answer.or(() -> status);
            if (change) {
                refusal = failure.map(RecoverWizard::words);
            } else {
                silence = failure.map(RecoverWizard::words);
            }
            look();
            follow();
        }
        loss.getControl().getDisplay().timerExec(LOOK_MILLIS, later);
    }

    private static String words(Throwable failure) {
        return (failure instanceof CompletionException ? failure.getCause() : failure).getMessage();
    }

    private void look() {
        loss.look();
        steps.look();
        report.look();
        getContainer().updateButtons();
    }

    /** Shows the page that tells how far it is. */
    private void follow() {
        IWizardPage page = getContainer().getCurrentPage();
        if (stage() == RecoveryStage.READY && page != report) {
            getContainer().showPage(report);
        } else if (stage() == RecoveryStage.RUNNING && page != steps) {
            getContainer().showPage(steps);
        }
    }

    @Override
    public boolean canFinish() {
        return getContainer().getCurrentPage() == report && report.isPageComplete();
    }

    @Override
    public boolean performFinish() {
        switch (report.decision().orElseThrow()) {
            case USE -> decide(Messages.Recover_JobUse, agent -> agent.useRecovered(vm.name()));
            case DISCARD -> decide(Messages.Recover_JobDiscard, agent -> agent.discardRecovered(vm.name()));
            case KEEP -> {}
        }
        return true;
    }

    private void decide(String job, Function<AgentService, CompletableFuture<?>> request) {
        new AgentJob(NLS.bind(job, vm.name()), fleet, List.of(new AgentJob.Request(vm.host(), vm.name(), request)))
                .schedule();
    }
}
