package org.triplel.ui.actions;

import java.util.concurrent.Executor;
import org.eclipse.jface.dialogs.Dialog;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.TableColumn;
import org.eclipse.swt.widgets.TableItem;
import org.triplel.agent.api.Advice;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.charts.Units;

/**
 * A table of what each placement would have made of what a VM wrote while it was watched, and what the loss of the host would
 * have cost over that time with the placement that is selected in it.
 */
final class AdviceDialog extends Dialog {

    private static final int WIDTH = 780;

    private final Advice advice;
    private final Executor painter;

    /** @param painter draws the chart; not the UI thread */
    AdviceDialog(Shell parent, Advice advice, Executor painter) {
        super(parent);
        this.advice = advice;
        this.painter = painter;
    }

    @Override
    protected void configureShell(Shell shell) {
        super.configureShell(shell);
        shell.setText(NLS.bind(Messages.Advice_Title, advice.vm()));
    }

    @Override
    protected boolean isResizable() {
        return true;
    }

    @Override
    protected Control createDialogArea(Composite parent) {
        var area = (Composite) super.createDialogArea(parent);
        words(area, AdviceWords.seen(advice));
        var table = new Table(area, SWT.BORDER | SWT.FULL_SELECTION);
        table.setHeaderVisible(true);
        AccessibleName.set(table, NLS.bind(Messages.Advice_Title, advice.vm()));
        column(table, Messages.Advice_Column_Placement, SWT.LEFT);
        column(table, Messages.Advice_Column_Nas, SWT.RIGHT);
        column(table, Messages.Advice_Column_OffNas, SWT.RIGHT);
        column(table, Messages.Advice_Column_Flushes, SWT.RIGHT);
        column(table, Messages.Advice_Column_Worst, SWT.RIGHT);
        column(table, Messages.Advice_Column_Typical, SWT.RIGHT);
        column(table, Messages.Advice_Column_Waited, SWT.RIGHT);
        for (var outcome : advice.outcomes()) {
            new TableItem(table, SWT.NONE).setText(new String[] {
                AdviceWords.placement(outcome),
                Units.bytes(outcome.nasBytes()),
                AdviceWords.offNas(advice, outcome),
                AdviceWords.flushes(advice, outcome),
                AdviceWords.worst(outcome),
                AdviceWords.typical(outcome),
                AdviceWords.waited(outcome)
            });
        }
        for (var column : table.getColumns()) {
            column.pack();
        }
        GridDataFactory.fillDefaults().grab(true, false).applyTo(table);
        var chart = new AdviceChart(area, advice, painter);
        table.addListener(SWT.Selection, event -> chart.show(advice.outcomes().get(table.getSelectionIndex())));
        var first = AdviceWords.usual(advice).orElse(advice.outcomes().getFirst());
        table.setSelection(advice.outcomes().indexOf(first));
        chart.show(first);
        words(
                area,
                NLS.bind(
                        Messages.Advice_Model,
                        PlacementOfWrites.of(advice.placement()).words()));
        return area;
    }

    private static void words(Composite parent, String text) {
        var words = new Label(parent, SWT.WRAP);
        words.setText(text);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .hint(WIDTH, SWT.DEFAULT)
                .applyTo(words);
    }

    private static void column(Table table, String title, int style) {
        new TableColumn(table, style).setText(title);
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        createButton(parent, IDialogConstants.CANCEL_ID, IDialogConstants.CLOSE_LABEL, true);
    }
}
