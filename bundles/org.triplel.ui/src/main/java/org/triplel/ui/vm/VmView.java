package org.triplel.ui.vm;

import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.jface.resource.LocalResourceManager;
import org.eclipse.jface.viewers.ISelection;
import org.eclipse.jface.viewers.ISelectionChangedListener;
import org.eclipse.jface.viewers.ISelectionProvider;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.custom.CTabFolder;
import org.eclipse.swt.custom.CTabItem;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.ui.IWorkbenchPage;
import org.eclipse.ui.PartInitException;
import org.triplel.ui.FleetElement;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetViewPart;
import org.triplel.ui.Icon;

/** One VM in detail: overview, disk map, exposure, memory and console. There may be one such view for each VM; its secondary id is the VM's name. */
public final class VmView extends FleetViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.vm";

    private CTabFolder folder;
    private LocalResourceManager resources;
    private OverviewPage overview;
    private DiskPage disk;
    private ExposurePage exposure;
    private MemoryPage memory;
    private ConsolePage console;
    private Icon icon = Icon.VM;

    /** Shows a VM, in a view that may be open already. */
    public static VmView open(IWorkbenchPage page, String vm) {
        try {
            return (VmView) page.showView(ID, vm, IWorkbenchPage.VIEW_ACTIVATE);
        } catch (PartInitException e) {
            throw new IllegalStateException(vm, e);
        }
    }

    private String vm() {
        return getViewSite().getSecondaryId() == null ? "" : getViewSite().getSecondaryId();
    }

    @Override
    protected Control createContent(Composite parent) {
        if (!vm().isEmpty()) {
            setPartName(vm());
        }
        resources = new LocalResourceManager(JFaceResources.getResources(), parent);
        folder = new CTabFolder(parent, SWT.BOTTOM | SWT.FLAT);
        overview = new OverviewPage(folder, watch());
        tab(Messages.Vm_Overview, overview);
        disk = new DiskPage(folder, watch());
        tab(Messages.Vm_Disk, disk);
        exposure = new ExposurePage(folder, watch());
        tab(Messages.Vm_Exposure, exposure);
        memory = new MemoryPage(folder, watch());
        tab(Messages.Vm_Memory, memory);
        console = new ConsolePage(folder, watch());
        tab(Messages.Vm_Console, console);
        folder.setSelection(0);
        folder.addListener(SWT.Selection, event -> refresh(watch().newest()));
        getSite().setSelectionProvider(new OneVm(new StructuredSelection(new FleetElement.Machine(vm()))));
        return folder;
    }

    private void tab(String title, Control page) {
        var tab = new CTabItem(folder, SWT.NONE);
        tab.setText(title);
        tab.setControl(page);
    }

    /** Shows one of the pages: 0 the overview, 1 the disk map, 2 the exposure over time, 3 the memory, 4 the console. */
    public void showPage(int index) {
        folder.setSelection(index);
        refresh(watch().newest());
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        if (snapshot.inventory().vm(vm()).isEmpty()) {
            return NLS.bind(Messages.Vm_Gone, vm());
        }
        refresh(snapshot);
        return "";
    }

    private void refresh(FleetSnapshot snapshot) {
        var inventory = snapshot.inventory();
        inventory.vm(vm()).ifPresent(vm -> {
            var host = inventory.host(vm.host()).orElseThrow();
            var now = Icon.of(vm, host);
            if (now != icon) {
                icon = now;
                setTitleImage(resources.create(icon.descriptor()));
            }
            switch (folder.getSelectionIndex()) {
                case 0 -> overview.refresh(vm, host, snapshot);
                case 1 -> disk.refresh(vm, snapshot.atMillis());
                case 2 -> exposure.refresh(vm);
                case 3 -> memory.refresh(vm, host);
                default -> console.refresh(vm);
            }
        });
    }

    /** Commands act on the VM that the view shows. */
    private record OneVm(ISelection selection) implements ISelectionProvider {

        @Override
        public ISelection getSelection() {
            return selection;
        }

        @Override
        public void setSelection(ISelection other) {
            // it is always this VM
        }

        @Override
        public void addSelectionChangedListener(ISelectionChangedListener listener) {
            // it never changes
        }

        @Override
        public void removeSelectionChangedListener(ISelectionChangedListener listener) {
            // none is kept
        }
    }
}
