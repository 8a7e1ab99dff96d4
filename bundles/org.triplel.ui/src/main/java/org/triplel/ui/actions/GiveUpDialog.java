package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.MessageDialog;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Text;
import org.triplel.agent.api.Names;
import org.triplel.agent.api.Vm;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.Enablement;

/** Says what is lost if what VMs wrote last is given up, and has the user name the host that is lost with it. */
final class GiveUpDialog extends MessageDialog {

    private Text host;
    private String typed = "";

    /** @param vms at least one */
    GiveUpDialog(Shell parent, List<Vm> vms) {
        super(
                parent,
                Messages.GiveUp_Title,
                null,
                question(vms),
                MessageDialog.WARNING,
                1,
                Messages.GiveUp_Button,
                IDialogConstants.CANCEL_LABEL);
    }

    /** The name of the lost host; empty if the dialog was cancelled. */
    Optional<String> lostHost() {
        return open() == OK ? Optional.of(typed) : Optional.empty();
    }

    private static String named(List<Vm> vms) {
        return vms.size() == 1 ? vms.getFirst().name() : String.valueOf(vms.size());
    }

    /** Of one VM, the refusal is repeated: it says which host has the rest. */
    private static String question(List<Vm> vms) {
        var words = NLS.bind(vms.size() == 1 ? Messages.GiveUp_AskOne : Messages.GiveUp_AskMany, named(vms));
        var problem = vms.size() == 1 ? vms.getFirst().problem() : "";
        return problem.isEmpty() ? words : words + "\n\n" + NLS.bind(Messages.GiveUp_Problem, problem);
    }

    @Override
    protected Control createCustomArea(Composite parent) {
        var area = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(2).margins(0, 8).applyTo(area);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(area);
        new Label(area, SWT.NONE).setText(Messages.GiveUp_Host);
        host = new Text(area, SWT.BORDER);
        AccessibleName.set(host, Messages.GiveUp_Host.replace("&", ""));
        GridDataFactory.fillDefaults().grab(true, false).applyTo(host);
        host.addListener(SWT.Modify, event -> look());
        return area;
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        super.createButtonsForButtonBar(parent);
        look();
    }

    private void look() {
        typed = host.getText().strip();
        Enablement.set(getButton(0), Names.valid(typed));
    }
}
