package org.triplel.ui;

import org.eclipse.core.runtime.IAdapterFactory;
import org.eclipse.ui.model.IWorkbenchAdapter;
import org.eclipse.ui.model.WorkbenchAdapter;

/** Tells the workbench what a VM is called. */
public final class MachineAdapters implements IAdapterFactory {

    private static final class Named extends WorkbenchAdapter {
        @Override
        public String getLabel(Object machine) {
            return ((FleetElement.Machine) machine).name();
        }
    }

    private final IWorkbenchAdapter named = new Named();

    @Override
    public <T> T getAdapter(Object machine, Class<T> type) {
        return type.cast(named);
    }

    @Override
    public Class<?>[] getAdapterList() {
        return new Class<?>[] {IWorkbenchAdapter.class};
    }
}
