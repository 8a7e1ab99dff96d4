package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Vm;

/** Asks where parts of the VM's disk are to be kept. What may be lost nobody chooses by not choosing. */
final class NewVmPlacementPage extends NewVmPage {

    private PlacementArea area;
    private Optional<Vm> about = Optional.empty();

    NewVmPlacementPage() {
        super("placement", Messages.Placement_Title, Messages.NewVm_PlacementPrompt);
    }

    @Override
    public void createControl(Composite parent) {
        var page = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().applyTo(page);
        var vm = vmWizard().form().vm();
        area = new PlacementArea(page, List.of(vm), PlacementForm.writesNow(List.of()), () -> vmWizard()
                .look());
        setControl(page);
    }

    @Override
    void focus() {
        area.focus();
    }

    /** As chosen, and accepted if need be. */
    Optional<Placement> placement() {
        return area.form().placement(System.getProperty("user.name"));
    }

    @Override
    void look() {
        var vm = vmWizard().form().vm();
        var same = about.filter(
                before -> before.name().equals(vm.name()) && before.host().equals(vm.host()));
        if (same.isEmpty() && isCurrentPage()) { // not for each letter of the name
            about = Optional.of(vm);
            area.about(List.of(vm));
        }
        var form = area.form();
        var unaccepted = form.writes().isPresent() ? form.hint() : Optional.<String>empty();
        say(List.of(), unaccepted, IMessageProvider.INFORMATION, placement().isPresent());
    }
}
