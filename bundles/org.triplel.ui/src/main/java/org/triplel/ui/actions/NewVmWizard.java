package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jface.wizard.Wizard;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.widgets.Composite;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.cluster.Fleet;
import org.triplel.ui.FleetWatch;

/** Makes a VM: asks what it shall be and where its data are kept, and has its host's agent make it. */
final class NewVmWizard extends Wizard {

    private final FleetWatch watch;
    private final NewVmNamePage name;
    private final NewVmSizePage size = new NewVmSizePage();
    private final NewVmPlacementPage placement = new NewVmPlacementPage();
    private final NewVmSummaryPage summary = new NewVmSummaryPage();
    private Optional<Fleet.Subscription> subscription = Optional.empty();

    /** @param host that is chosen at first, if it can be */
    NewVmWizard(FleetWatch watch, Optional<String> host) {
        this.watch = watch;
        this.name = new NewVmNamePage(watch.fleet(), host);
        setWindowTitle(Messages.NewVm_Title);
    }

    @Override
    public void addPages() {
        addPage(name);
        addPage(size);
        addPage(placement);
        addPage(summary);
    }

    @Override
    public void createPageControls(Composite parent) {
        super.createPageControls(parent);
        // hosts may be lost meanwhile, and names be taken
        subscription = Optional.of(watch.watch(snapshot -> {
            name.askAgain();
            look();
        }));
    }

    @Override
    public void dispose() {
        subscription.ifPresent(Fleet.Subscription::close);
        super.dispose();
    }

    /** What the pages have been told. */
    NewVmForm form() {
        return new NewVmForm(
                watch.fleet().inventory(), name.name(), name.host(), name.base(), size.disk(), size.memory());
    }

    Optional<Placement> placement() {
        return placement.placement();
    }

    /** Looks at all that is filled in; later pages depend on earlier ones. */
    void look() {
        for (var page : getPages()) {
            if (page.getControl() == null || page.getControl().isDisposed()) {
                return;
            }
        }
        name.look();
        size.look();
        placement.look();
        summary.look();
    }

    /** Nothing is made that was not shown. */
    @Override
    public boolean canFinish() {
        return getContainer().getCurrentPage() == summary && super.canFinish();
    }

    @Override
    public boolean performFinish() {
        var form = form();
        var definition = form.definition(placement().orElseThrow());
        var start = summary.startsAfterwards();
        new AgentJob(
                        NLS.bind(Messages.NewVm_Job, definition.name()),
                        watch.fleet(),
                        List.of(new AgentJob.Request(
                                form.host(), definition.name(), agent -> make(agent, definition, start))))
                .schedule();
        return true;
    }

    private static CompletableFuture<Vm> make(AgentService agent, VmDefinition definition, boolean start) {
        var made = agent.defineVm(definition);
        return start ? made.thenCompose(vm -> agent.startVm(vm.name())) : made;
    }
}
