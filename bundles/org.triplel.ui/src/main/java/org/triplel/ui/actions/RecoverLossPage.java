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
import org.triplel.agent.api.SavedFiles;
import org.triplel.ui.AccessibleName;

/** Says what happened and what can be saved, and asks for the lost host's name as a confirmation that it is off for good. */
final class RecoverLossPage extends RecoverPage {

    private static final int LINES = 15;

    private Label words;
    private Text log;
    private Text journals;
    private Text journalDisk;
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
        log = saved(page, Messages.Recover_Log);
        journals = saved(page, Messages.Recover_Journal);
        journalDisk = saved(page, Messages.Recover_JournalDisk);
        host = labelled(page, Messages.Recover_Host, each -> new Text(each, SWT.BORDER));
        AccessibleName.set(host, Messages.Recover_Host.replace("&", ""));
        host.addListener(SWT.Modify, event -> look());
        setControl(page);
    }

    /** Asks for a file of the lost host; only for what is missing. */
    private Text saved(Composite page, String words) {
        var label = NLS.bind(words, recovery().vm().host());
        var path = labelled(page, label, each -> new Text(each, SWT.BORDER));
        AccessibleName.set(path, label.replace("&", ""));
        path.setEnabled(false);
        path.addListener(SWT.Modify, event -> look());
        return path;
    }

    @Override
    void focus() {
        host.setFocus();
    }

    /** The salvaged files. */
    SavedFiles saved() {
        return new SavedFiles(given(log), given(journals), given(journalDisk));
    }

    private static String given(Text path) {
        return path.isEnabled() ? path.getText().strip() : "";
    }

    String host() {
        return host.getText().strip();
    }

    @Override
    void look() {
        var status = recovery().status();
        say(words, status.map(RecoverWords::loss).orElse(Messages.Recover_Awaited));
        enable(log, status, RecoveryStatus.Kind.LOG);
        enable(journals, status, RecoveryStatus.Kind.JOURNAL);
        enable(journalDisk, status, RecoveryStatus.Kind.JOURNAL_DISK);
        boolean needed = recovery().stage() == RecoveryStage.NEEDED;
        var problem = status.filter(each -> needed).flatMap(this::problem);
        say(
                List.of(problem, recovery().trouble()),
                status.map(RecoveryStatus::problem).filter(each -> !each.isEmpty()),
                IMessageProvider.WARNING,
                needed && problem.isEmpty() && !host().isEmpty());
    }

    private static void enable(Text path, Optional<RecoveryStatus> status, RecoveryStatus.Kind kind) {
        path.setEnabled(status.filter(each -> RecoverWords.lacks(each, kind)).isPresent());
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
