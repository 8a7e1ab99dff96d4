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
import org.triplel.agent.api.Vm;

/** Asks where parts of the disks of one or more VMs are to be kept. */
final class PlacementDialog extends TitleAreaDialog {

    private final List<Vm> vms;
    private PlacementRow swap;
    private Optional<Placement> chosen = Optional.empty();

    PlacementDialog(Shell parent, List<Vm> vms) {
        super(parent);
        this.vms = vms;
    }

    /** What was chosen; empty if the dialog was cancelled. */
    Optional<Placement> choose() {
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
                .spacing(20, 6)
                .applyTo(rows);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(rows);
        var swapNow = PlacementNow.of(Messages.Placement_Swap, vms, Placement::swap);
        swap = new PlacementRow(
                rows,
                new PlacementRow.Words(
                        Messages.Placement_Swap,
                        Messages.Placement_SwapOnHost,
                        Messages.Placement_SwapOnNas,
                        Messages.Placement_SwapRemark),
                swapNow.common(),
                this::look);
        setTitle(
                vms.size() == 1
                        ? NLS.bind(Messages.Placement_One, vms.getFirst().name())
                        : NLS.bind(Messages.Placement_Many, vms.size()));
        swapNow.difference()
                .ifPresentOrElse(
                        words -> setMessage(words, IMessageProvider.INFORMATION),
                        () -> setMessage(Messages.Placement_Message));
        return area;
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        super.createButtonsForButtonBar(parent);
        look();
    }

    private void look() {
        chosen = swap.chosen().map(Placement::safe);
        getButton(IDialogConstants.OK_ID).setEnabled(chosen.isPresent());
        if (chosen.isPresent()) {
            setMessage(Messages.Placement_Message);
        }
    }
}
