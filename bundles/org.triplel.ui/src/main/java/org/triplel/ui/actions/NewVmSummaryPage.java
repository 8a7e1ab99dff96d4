package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.Placement;
import org.triplel.cluster.Host;
import org.triplel.cluster.Size;

/** Says what will be made, and where, before it is. */
final class NewVmSummaryPage extends NewVmPage {

    private Label vm;
    private Label host;
    private Label base;
    private Label disk;
    private Label memory;
    private Label baseReads;
    private Label swap;
    private Label writes;
    private Label accepted;
    private Button start;

    NewVmSummaryPage() {
        super("summary", Messages.NewVm_SummaryTitle, Messages.NewVm_SummaryPrompt);
    }

    @Override
    public void createControl(Composite parent) {
        var page = columns(parent);
        vm = row(page, Messages.NewVm_Name);
        host = row(page, Messages.NewVm_Host);
        base = row(page, Messages.NewVm_Base);
        disk = row(page, Messages.NewVm_Disk);
        memory = row(page, Messages.NewVm_Memory);
        baseReads = row(page, Messages.Placement_Base);
        swap = row(page, Messages.Placement_Swap);
        writes = row(page, Messages.Placement_Writes);
        accepted = row(page, Messages.NewVm_Accepted);
        start = new Button(page, SWT.CHECK);
        start.setText(Messages.NewVm_Start);
        start.setSelection(true);
        GridDataFactory.fillDefaults().span(2, 1).indent(0, 12).applyTo(start);
        setControl(page);
    }

    private static Label row(Composite page, String name) {
        var label = new Label(page, SWT.NONE);
        var plain = NewVmNamePage.plain(name);
        label.setText(plain.endsWith(":") ? plain : plain + ":");
        GridDataFactory.fillDefaults().align(SWT.BEGINNING, SWT.BEGINNING).applyTo(label);
        var value = new Label(page, SWT.WRAP);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .hint(WIDTH, SWT.DEFAULT)
                .applyTo(value);
        return value;
    }

    @Override
    void focus() {
        start.setFocus();
    }

    boolean startsAfterwards() {
        return start.getSelection();
    }

    @Override
    void look() {
        var form = vmWizard().form();
        var placement = vmWizard().placement();
        if (isCurrentPage() && form.named() && form.measured() && placement.isPresent()) {
            show(form, placement.get());
        }
        say(
                List.of(
                        form.hostProblem(),
                        form.nameProblem(),
                        form.baseProblem(),
                        form.diskProblem(),
                        form.memoryProblem()),
                form.memoryWarning(),
                IMessageProvider.WARNING,
                form.named() && form.measured());
    }

    private void show(NewVmForm form, Placement placement) {
        var made = form.vm();
        say(vm, made.name());
        say(host, made.host());
        say(base, NLS.bind(Messages.NewVm_SummaryBase, made.base(), made.baseVersion()));
        say(disk, NLS.bind(Messages.NewVm_SummaryDisk, new Object[] {
            new Size(made.diskBytes()).exact(), made.name(), nas(form)
        }));
        say(memory, Size.mebibytes(made.memoryMiB()).exact());
        say(baseReads, PlacementForm.baseWords(placement.base()));
        say(swap, PlacementForm.swapWords(placement.swap()));
        say(writes, PlacementOfWrites.of(placement).words());
        say(
                accepted,
                Optional.of(placement.acceptedBy())
                        .filter(user -> !user.isEmpty())
                        .map(user -> NLS.bind(
                                Messages.NewVm_SummaryAccepted,
                                user,
                                NewVmNamePage.plain(PlacementRisk.of(List.of(made), PlacementOfWrites.of(placement))
                                        .question())))
                        .orElse(Messages.NewVm_SummaryNoRisk));
    }

    private static String nas(NewVmForm form) {
        return form.fleet()
                .host(form.host())
                .flatMap(Host::status)
                .map(status -> status.nas())
                .orElse("");
    }
}
