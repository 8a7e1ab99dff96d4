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
import org.eclipse.swt.widgets.Shell;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.ui.Enablement;

/** Asks where parts of the disks of one or more VMs are to be kept. */
final class PlacementDialog extends TitleAreaDialog {

    private final List<Vm> vms;
    private final PlacementRisk risk;
    private final PlacementNow swapNow;
    private final PlacementNow journalNow;
    private PlacementRow swap;
    private PlacementRow journal;
    private PlacementConsent consent;
    private Optional<PlacementChoice> chosen = Optional.empty();

    PlacementDialog(Shell parent, List<Vm> vms) {
        super(parent);
        this.vms = vms;
        risk = new PlacementRisk(vms);
        swapNow = PlacementNow.of(Messages.Placement_Swap, vms, Placement::swap);
        journalNow = PlacementNow.of(Messages.Placement_Journal, vms, Placement::journal);
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
        swap = new PlacementRow(
                rows,
                Messages.Placement_Swap,
                List.of(
                        new PlacementRow.Choice(
                                Side.LOCAL, Messages.Placement_SwapOnHost, Messages.Placement_SwapHostRemark),
                        new PlacementRow.Choice(
                                Side.NAS, Messages.Placement_SwapOnNas, Messages.Placement_SwapNasRemark)),
                swapNow.common(),
                this::look);
        journal = new PlacementRow(
                rows,
                Messages.Placement_Journal,
                List.of(
                        new PlacementRow.Choice(
                                Side.NAS, Messages.Placement_JournalOnNas, Messages.Placement_JournalNasRemark),
                        new PlacementRow.Choice(
                                Side.LOCAL, Messages.Placement_JournalOnHost, Messages.Placement_JournalHostRemark)),
                journalNow.common(),
                this::look);
        consent = new PlacementConsent(journal.below(), risk, this::look);
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
        return new PlacementForm(
                swapNow, journalNow, swap.chosen(), journal.chosen(), risk.accepted(), consent.given());
    }

    private void look() {
        consent.ask(form().asks());
        var form = form();
        chosen = form.choice(System.getProperty("user.name"));
        Enablement.set(getButton(IDialogConstants.OK_ID), chosen.isPresent());
        form.hint()
                .ifPresentOrElse(
                        words -> setMessage(words, IMessageProvider.INFORMATION),
                        () -> setMessage(Messages.Placement_Message));
    }
}
