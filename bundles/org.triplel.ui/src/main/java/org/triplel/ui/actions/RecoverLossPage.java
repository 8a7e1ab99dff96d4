package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Text;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.ui.AccessibleName;

/** Says what happened and what can be saved, and asks for the lost host's name as a confirmation that it is off for good. */
final class RecoverLossPage extends RecoverPage {

    private static final int LINES = 14;

    private Label words;
    private Text log;
    private Text host;

    RecoverLossPage() {
        super("loss", Messages.Recover_LossTitle, Messages.Recover_LossPrompt);
    }

    @Override
    public void createControl(Composite parent) {
        var page = columns(parent);
        words = new Label(page, SWT.WRAP);
        GridDataFactory.fillDefaults()
                .span(2, 1)
                .grab(true, true)
                .hint(WIDTH, LINES * words.computeSize(SWT.DEFAULT, SWT.DEFAULT).y) // so that nothing jumps
                .applyTo(words);
        var logLabel = NLS.bind(Messages.Recover_Log, recovery().vm().host());
        log = labelled(page, logLabel, each -> new Text(each, SWT.BORDER));
        host = labelled(page, Messages.Recover_Host, each -> new Text(each, SWT.BORDER));
        AccessibleName.set(log, logLabel.replace("&", ""));
        AccessibleName.set(host, Messages.Recover_Host.replace("&", ""));
        log.setEnabled(false);
        log.addListener(SWT.Modify, event -> look());
        host.addListener(SWT.Modify, event -> look());
        setControl(page);
    }

    @Override
    void focus() {
        host.setFocus();
    }

    /** The path of the salvaged log, or empty. */
    String log() {
        return log.isEnabled() ? log.getText().strip() : "";
    }

    String host() {
        return host.getText().strip();
    }

    @Override
    void look() {
        var status = recovery().status();
        say(words, status.map(RecoverWords::loss).orElse(Messages.Recover_Awaited));
        log.setEnabled(status.filter(RecoverWords::lacksLog).isPresent());
        boolean needed = recovery().stage() == RecoveryStage.NEEDED;
        var problem = status.filter(each -> needed).flatMap(this::problem);
        say(
                List.of(problem, recovery().trouble()),
                status.map(RecoveryStatus::problem).filter(each -> !each.isEmpty()),
                IMessageProvider.WARNING,
                needed && problem.isEmpty() && !host().isEmpty());
    }

    private Optional<String> problem(RecoveryStatus status) {
        var lost = status.losses().stream()
                .map(RecoveryStatus.Loss::host)
                .distinct()
                .toList();
        var vm = recovery().vm();
        var living = lost.stream()
                .filter(each ->
                        !each.equals(vm.host()) && recovery().inventory().lives(each, vm.name()))
                .findFirst();
        if (living.isPresent()) {
            return Optional.of(NLS.bind(Messages.Recover_Lives, living.get(), vm.name()));
        }
        return host().isEmpty() || lost.stream().allMatch(host()::equals)
                ? Optional.empty()
                : Optional.of(NLS.bind(Messages.Recover_OtherHost, String.join(", ", lost)));
    }
}
