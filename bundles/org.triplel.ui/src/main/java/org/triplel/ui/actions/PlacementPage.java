package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.core.runtime.IAdaptable;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.jface.preference.PreferencePage;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.ui.IWorkbenchPropertyPageMulti;
import org.eclipse.ui.PlatformUI;
import org.triplel.cluster.Fleet;
import org.triplel.ui.FleetElement;

/** The property page that asks where parts of VMs' disks are to be kept, as {@link PlacementDialog} does. */
public final class PlacementPage extends PreferencePage implements IWorkbenchPropertyPageMulti {

    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private List<String> names = List.of();
    private Optional<PlacementArea> area = Optional.empty();

    /** Nobody is asked twice for the same if it was applied before the page is closed. */
    private Optional<PlacementForm> applied = Optional.empty();

    public PlacementPage() {
        noDefaultButton();
        setDescription(Messages.Placement_Message);
    }

    @Override
    public void setElements(IAdaptable[] elements) {
        names = Stream.of(elements)
                .map(element -> element.getAdapter(FleetElement.Machine.class).name())
                .toList();
    }

    @Override
    protected Control createContents(Composite parent) {
        var content = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().applyTo(content);
        // not as the views saw them last: a placement just changed would be shown as it was before
        var inventory = fleet.inventory();
        var vms = names.stream().flatMap(name -> inventory.vm(name).stream()).toList();
        if (vms.isEmpty()) {
            new Label(content, SWT.NONE).setText(Messages.Placement_Gone);
            return content;
        }
        area = Optional.of(new PlacementArea(content, vms, this::look));
        if (vms.size() == 1) {
            new AdvicePanel(content, vms.getFirst(), fleet);
        }
        look();
        return content;
    }

    private Optional<PlacementChoice> choice() {
        return area.flatMap(shown -> shown.form().choice(System.getProperty("user.name")));
    }

    private void look() {
        setValid(choice().isPresent());
        area.flatMap(shown -> shown.form().hint())
                .ifPresentOrElse(words -> setMessage(words, IMessageProvider.INFORMATION), () -> setMessage(null));
    }

    @Override
    protected void performApply() {
        place();
    }

    @Override
    public boolean performOk() {
        if (area.map(PlacementArea::form).equals(applied)) {
            return true;
        }
        place();
        return true;
    }

    private void place() {
        applied = area.map(PlacementArea::form);
        choice().ifPresent(
                        choice -> PlacementHandler.place(applied.orElseThrow().vms(), choice, fleet));
    }
}
