package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.dialogs.TitleAreaDialog;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.Writes;
import org.triplel.ui.Enablement;

/** Asks where what one or more VMs write is to be kept. */
final class PlacementDialog extends TitleAreaDialog {

    private final List<Vm> vms;
    private PlacementRow<Side> swap;
    private PlacementRow<Writes> writes;
    private PlacementBound bound;
    private PlacementConsent consent;
    private Optional<PlacementChoice> chosen = Optional.empty();

    PlacementDialog(Shell parent, List<Vm> vms) {
        super(parent);
        this.vms = vms;
    }

    /** What was chosen; empty if the dialog was cancelled. */
    Optional<PlacementChoice> choose() {
        return open() == OK ? chosen : Optional.empty();
    }

    @Override
    protected void configureShell(Shell shell) {
        super.configureShell(shell);
        shell.setText(Messages.Placement_Title);
    }

    @Override
    protected Control createDialogArea(Composite parent) {
        var area = (Composite) super.createDialogArea(parent);
        var rows = new Composite(area, SWT.NONE);
        GridLayoutFactory.swtDefaults()
                .numColumns(2)
                .margins(12, 12)
                .spacing(20, 14)
                .applyTo(rows);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(rows);
        // what a VM has as long as nobody chooses comes first
        var swapNow = PlacementForm.swapNow(vms);
        swap = new PlacementRow<>(
                rows,
                Messages.Placement_Swap,
                List.of(
                        new PlacementRow.Choice<>(
                                Side.LOCAL, Messages.Placement_SwapOnHost, Messages.Placement_SwapHostRemark),
                        new PlacementRow.Choice<>(
                                Side.NAS, Messages.Placement_SwapOnNas, Messages.Placement_SwapNasRemark)),
                swapNow.difference(),
                swapNow.common(),
                this::look);
        var writesNow = PlacementForm.writesNow(vms);
        writes = new PlacementRow<>(
                rows,
                Messages.Placement_Writes,
                List.of(
                        new PlacementRow.Choice<>(
                                Writes.THROUGH, Messages.Placement_Through, Messages.Placement_ThroughRemark),
                        new PlacementRow.Choice<>(
                                Writes.BEHIND,
                                Messages.Placement_Behind,
                                Messages.Placement_BehindRemark,
                                below -> bound = new PlacementBound(
                                        below, writesNow.common().orElse(PlacementOfWrites.THROUGH), this::look)),
                        new PlacementRow.Choice<>(
                                Writes.LOG_SPLIT, Messages.Placement_LogSplit, Messages.Placement_LogSplitRemark)),
                writesNow.difference(),
                writesNow.common().map(PlacementOfWrites::writes),
                this::look);
        new Label(rows, SWT.NONE);
        var widest = PlacementOfWrites.behind(Placement.MAX_RPO_SECONDS, Placement.MAX_RPO_MEBIBYTES);
        consent = new PlacementConsent(
                rows,
                List.of(new PlacementRisk(vms, widest), new PlacementRisk(vms, PlacementOfWrites.LOG_SPLIT)),
                this::look);
        setTitle(
                vms.size() == 1
                        ? NLS.bind(Messages.Placement_One, vms.getFirst().name())
                        : NLS.bind(Messages.Placement_Many, vms.size()));
        return area;
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        super.createButtonsForButtonBar(parent);
        look();
    }

    private PlacementForm form() {
        var chosenWrites = writes.chosen().map(kind -> switch (kind) {
            case THROUGH -> PlacementOfWrites.THROUGH;
            case LOG_SPLIT -> PlacementOfWrites.LOG_SPLIT;
            case BEHIND -> bound.chosen();
        });
        return new PlacementForm(vms, swap.chosen(), chosenWrites, consent.given());
    }

    private void look() {
        consent.show(form().risk());
        bound.setEnabled(writes.chosen().filter(Writes.BEHIND::equals).isPresent());
        var form = form();
        chosen = form.choice(System.getProperty("user.name"));
        Enablement.set(getButton(IDialogConstants.OK_ID), chosen.isPresent());
        form.hint()
                .ifPresentOrElse(
                        words -> setMessage(words, IMessageProvider.INFORMATION),
                        () -> setMessage(Messages.Placement_Message));
    }
}
