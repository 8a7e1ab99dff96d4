package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.wizard.IWizardPage;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.ProgressBar;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.TableColumn;
import org.eclipse.swt.widgets.TableItem;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.Enablement;

/** Shows the steps of a recovery, which begins when the page is shown. */
final class RecoverStepsPage extends RecoverPage {

    private static final int ROWS = 7;
    private static final int PARTS = 1000;
    private static final int STATE_WIDTH = 140;

    private Table table;
    private ProgressBar progress;
    private Button cancel;

    RecoverStepsPage() {
        super("steps", Messages.Recover_StepsTitle, Messages.Recover_StepsPrompt);
    }

    @Override
    public void createControl(Composite parent) {
        var page = columns(parent);
        table = new Table(page, SWT.BORDER | SWT.FULL_SELECTION);
        table.setHeaderVisible(true);
        AccessibleName.set(table, Messages.Recover_StepsTitle);
        column(Messages.Recover_Step, WIDTH - STATE_WIDTH);
        column(Messages.Recover_State, STATE_WIDTH);
        GridDataFactory.fillDefaults()
                .span(2, 1)
                .grab(true, true)
                .hint(WIDTH, ROWS * table.getItemHeight())
                .applyTo(table);
        progress = new ProgressBar(page, SWT.NONE);
        progress.setMaximum(PARTS);
        AccessibleName.set(progress, Messages.Recover_StepsTitle);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .align(SWT.FILL, SWT.CENTER)
                .applyTo(progress);
        cancel = new Button(page, SWT.PUSH);
        cancel.setText(Messages.Recover_Cancel);
        cancel.addListener(SWT.Selection, event -> recovery().cancel());
        setControl(page);
    }

    private void column(String title, int width) {
        var column = new TableColumn(table, SWT.LEFT);
        column.setText(title);
        column.setWidth(width);
    }

    @Override
    public void setVisible(boolean visible) {
        super.setVisible(visible);
        if (visible) {
            recovery().begin();
        }
    }

    @Override
    void focus() {
        table.setFocus();
    }

    /** While it runs, there is nothing to go back to. */
    @Override
    public IWizardPage getPreviousPage() {
        return recovery().stage() == RecoveryStage.NEEDED ? super.getPreviousPage() : null;
    }

    @Override
    void look() {
        var stage = recovery().stage();
        var steps = recovery().status().map(RecoveryStatus::steps).orElse(List.of());
        show(steps);
        Enablement.set(cancel, stage == RecoveryStage.RUNNING);
        var ended = recovery()
                .status()
                .map(RecoveryStatus::problem)
                .filter(problem -> stage == RecoveryStage.NEEDED && !problem.isEmpty());
        say(
                List.of(recovery().trouble(), ended),
                Optional.empty(),
                IMessageProvider.NONE,
                stage == RecoveryStage.READY);
    }

    private void show(List<RecoveryStatus.Step> steps) {
        if (table.getItemCount() > steps.size()) {
            table.removeAll();
        }
        for (var i = 0; i < steps.size(); i++) {
            var item = i < table.getItemCount() ? table.getItem(i) : new TableItem(table, SWT.NONE);
            var step = steps.get(i);
            if (!item.getText(0).equals(step.name())) {
                item.setText(0, step.name());
            }
            var state = RecoverWords.state(step);
            if (!item.getText(1).equals(state)) {
                item.setText(1, state);
            }
        }
        progress.setSelection((int) (RecoverWords.share(steps) * PARTS));
    }
}
