package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.dialogs.TitleAreaDialog;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Shell;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Fleet;
import org.triplel.ui.Enablement;

/** Asks where parts of the disks of one or more VMs are to be kept. */
final class PlacementDialog extends TitleAreaDialog {

    private final List<Vm> vms;
    private final Fleet fleet;
    private PlacementArea area;
    private Optional<PlacementChoice> chosen = Optional.empty();

    PlacementDialog(Shell parent, List<Vm> vms, Fleet fleet) {
        super(parent);
        this.vms = vms;
        this.fleet = fleet;
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
        var content = (Composite) super.createDialogArea(parent);
        area = new PlacementArea(content, vms, this::look);
        if (vms.size() == 1) {
            new AdvicePanel(content, vms.getFirst(), fleet);
        }
        setTitle(
                vms.size() == 1
                        ? NLS.bind(Messages.Placement_One, vms.getFirst().name())
                        : NLS.bind(Messages.Placement_Many, vms.size()));
        return content;
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        super.createButtonsForButtonBar(parent);
        look();
    }

    private void look() {
        var form = area.form();
        chosen = form.choice(System.getProperty("user.name"));
        Enablement.set(getButton(IDialogConstants.OK_ID), chosen.isPresent());
        form.hint()
                .ifPresentOrElse(
                        words -> setMessage(words, IMessageProvider.INFORMATION),
                        () -> setMessage(Messages.Placement_Message));
    }
}
