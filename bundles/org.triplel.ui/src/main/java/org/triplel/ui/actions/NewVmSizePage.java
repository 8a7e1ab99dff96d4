package org.triplel.ui.actions;

import java.util.List;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Text;
import org.triplel.cluster.Size;
import org.triplel.ui.AccessibleName;

/** Asks for the sizes of disk and memory; as long as nobody types others, they are those that the base image suggests. */
final class NewVmSizePage extends NewVmPage {

    private Text disk;
    private Label diskRemark;
    private Text memory;
    private Label memoryRemark;
    private String suggestedDisk = "";
    private String suggestedMemory = "";

    NewVmSizePage() {
        super("size", Messages.NewVm_SizeTitle, Messages.NewVm_SizePrompt);
    }

    @Override
    public void createControl(Composite parent) {
        var page = columns(parent);
        disk = labelled(page, Messages.NewVm_Disk, each -> new Text(each, SWT.BORDER));
        diskRemark = remark(page);
        memory = labelled(page, Messages.NewVm_Memory, each -> new Text(each, SWT.BORDER));
        memoryRemark = remark(page);
        AccessibleName.set(disk, NewVmNamePage.plain(Messages.NewVm_Disk));
        AccessibleName.set(memory, NewVmNamePage.plain(Messages.NewVm_Memory));
        setControl(page);
        disk.addListener(SWT.Modify, event -> vmWizard().look());
        memory.addListener(SWT.Modify, event -> vmWizard().look());
    }

    @Override
    void focus() {
        disk.setFocus();
        disk.selectAll();
    }

    String disk() {
        return disk.getText();
    }

    String memory() {
        return memory.getText();
    }

    private void suggest(String diskSize, String memorySize) {
        if (!diskSize.equals(suggestedDisk) || !memorySize.equals(suggestedMemory)) {
            var oldDisk = suggestedDisk;
            var oldMemory = suggestedMemory;
            suggestedDisk = diskSize;
            suggestedMemory = memorySize;
            if (disk().equals(oldDisk)) {
                disk.setText(diskSize);
            }
            if (memory().equals(oldMemory)) {
                memory.setText(memorySize);
            }
        }
    }

    @Override
    void look() {
        vmWizard().form().base().filter(base -> base.problem().isEmpty()).ifPresent(base -> {
            suggest(
                    new Size(base.bytes()).exact(),
                    Size.mebibytes(base.memoryMiB()).exact());
            say(diskRemark, NLS.bind(Messages.NewVm_DiskRemark, new Size(base.bytes()).exact()));
        });
        var form = vmWizard().form();
        say(memoryRemark, form.memoryRemark());
        say(
                List.of(form.diskProblem(), form.memoryProblem()),
                form.memoryWarning(),
                IMessageProvider.WARNING,
                form.measured());
    }
}
