package org.triplel.ui.actions;

import java.util.List;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.MessageDialog;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Shell;
import org.triplel.agent.api.Vm;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.Enablement;

/** Says what is lost if what VMs wrote last is given up, and has the user accept it. */
final class GiveUpDialog extends MessageDialog {

    private static final int WIDTH = 520;

    private final String consent;
    private Button box;

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
        consent = NLS.bind(vms.size() == 1 ? Messages.GiveUp_AcceptOne : Messages.GiveUp_AcceptMany, named(vms));
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
        box = new Button(parent, SWT.CHECK | SWT.WRAP);
        box.setText(consent);
        AccessibleName.set(box, consent.replace("&", ""));
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .indent(0, 8)
                .hint(WIDTH, SWT.DEFAULT)
                .applyTo(box);
        box.addListener(SWT.Selection, event -> look());
        return box;
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        super.createButtonsForButtonBar(parent);
        look();
    }

    private void look() {
        Enablement.set(getButton(0), box.getSelection());
    }
}
