package org.triplel.ui.vm;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.jface.resource.LocalResourceManager;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.custom.StackLayout;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Spinner;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmMemory;
import org.triplel.cluster.Host;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.Enablement;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Icon;

/** What the VM has of memory, how fast it swaps, and what it is proposed to have. */
final class MemoryPage extends Composite {

    private static final int LABEL_WIDTH = 190;
    private static final int FACTS_WIDTH = 450;
    private static final int MESSAGE_LINES = 2;
    private static final int STEP_MIB = 16;

    private final FleetWatch watch;
    private final LocalResourceManager resources;
    private final StackLayout stack = new StackLayout();
    private final Label empty;
    private final Composite page;
    private Label icon;
    private Label message;
    private Button give;
    private Label maximum;
    private Spinner target;
    private Button set;
    private Label current;
    private Label guest;
    private Label hostName;
    private Label host;
    private Label swap;
    private Button byItself;
    private SwapChart chart;
    private Optional<Vm> vm = Optional.empty();
    private Optional<VmMemory> memory = Optional.empty();

    /** The target that the agent told last; as long as the user has not chosen another one, the field shows it. */
    private int toldMiB;

    private boolean toldByItself;

    /** Why the last request was refused; until the user does something else. */
    private Optional<String> refusal = Optional.empty();

    MemoryPage(Composite parent, FleetWatch watch) {
        super(parent, SWT.NONE);
        this.watch = watch;
        resources = new LocalResourceManager(JFaceResources.getResources(), this);
        stack.marginWidth = 12;
        stack.marginHeight = 8;
        setLayout(stack);
        empty = new Label(this, SWT.WRAP);
        page = new Composite(this, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(2).spacing(24, 8).applyTo(page);
        createMessage();
        createFacts();
        chart = new SwapChart(page, watch);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(chart);
        stack.topControl = empty;
    }

    private void createMessage() {
        var row = new Composite(page, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(3).spacing(8, 0).applyTo(row);
        GridDataFactory.fillDefaults().span(2, 1).grab(true, false).applyTo(row);
        icon = new Label(row, SWT.NONE);
        GridDataFactory.fillDefaults().align(SWT.LEFT, SWT.TOP).applyTo(icon);
        message = new Label(row, SWT.WRAP);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .hint(0, MESSAGE_LINES * message.computeSize(SWT.DEFAULT, SWT.DEFAULT).y) // so that nothing jumps
                .applyTo(message);
        give = new Button(row, SWT.PUSH);
        give.setText(Messages.Memory_Give);
        GridDataFactory.fillDefaults().align(SWT.RIGHT, SWT.TOP).applyTo(give);
        give.addListener(SWT.Selection, event -> memory.ifPresent(now -> ask(now.proposedMiB())));
    }

    private void createFacts() {
        var facts = new Composite(page, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(2).spacing(8, 6).applyTo(facts);
        GridDataFactory.fillDefaults()
                .align(SWT.FILL, SWT.TOP)
                .hint(FACTS_WIDTH, SWT.DEFAULT)
                .applyTo(facts);
        maximum = fact(facts, Messages.Memory_Maximum);
        name(facts, Messages.Memory_Target);
        createTarget(facts);
        current = fact(facts, Messages.Memory_Current);
        guest = fact(facts, Messages.Memory_Guest);
        hostName = name(facts, Messages.Memory_Host);
        host = value(facts);
        swap = fact(facts, Messages.Memory_Swap);
        byItself = new Button(facts, SWT.CHECK);
        byItself.setText(Messages.Memory_ByItself);
        byItself.setToolTipText(Messages.Memory_ByItselfTip);
        GridDataFactory.fillDefaults().span(2, 1).applyTo(byItself);
        byItself.addListener(SWT.Selection, event -> {
            boolean chosen = byItself.getSelection();
            ask((agent, name) -> agent.giveMemory(new MemoryGiving(name, chosen)));
        });
    }

    private void createTarget(Composite facts) {
        var cell = new Composite(facts, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(3).spacing(6, 0).applyTo(cell);
        target = new Spinner(cell, SWT.BORDER);
        target.setMinimum(VmDefinition.MIN_MEMORY_MIB);
        target.setIncrement(STEP_MIB);
        AccessibleName.set(target, Messages.Memory_TargetName);
        target.addListener(SWT.Modify, event -> {
            refusal = Optional.empty();
            look();
        });
        new Label(cell, SWT.NONE).setText(Messages.Memory_Mebibytes);
        set = new Button(cell, SWT.PUSH);
        set.setText(Messages.Memory_Set);
        set.addListener(SWT.Selection, event -> ask(target.getSelection()));
    }

    private static Label name(Composite facts, String text) {
        var label = new Label(facts, SWT.NONE);
        label.setText(text);
        GridDataFactory.fillDefaults()
                .align(SWT.FILL, SWT.CENTER)
                .hint(LABEL_WIDTH, SWT.DEFAULT)
                .applyTo(label);
        return label;
    }

    private static Label value(Composite facts) {
        var label = new Label(facts, SWT.NONE);
        GridDataFactory.fillDefaults()
                .align(SWT.FILL, SWT.CENTER)
                .grab(true, false)
                .applyTo(label);
        return label;
    }

    private static Label fact(Composite facts, String text) {
        name(facts, text);
        return value(facts);
    }

    void refresh(Vm newest, Host newestHost) {
        vm = Optional.of(newest);
        memory = watch.fleet().traffic().memory(newest.name());
        memory.ifPresentOrElse(
                now -> show(now, newestHost),
                () -> set(empty, NLS.bind(Messages.Memory_NotYet, newest.name(), newestHost.name())));
        var top = memory.isPresent() ? page : empty;
        if (stack.topControl != top) {
            stack.topControl = top;
            layout();
        }
        chart.refresh(newest.name());
    }

    private void show(VmMemory now, Host newestHost) {
        set(maximum, MemoryWords.mebibytes(now.maximumMiB()));
        set(current, MemoryWords.current(now));
        set(guest, MemoryWords.guest(now));
        set(hostName, NLS.bind(Messages.Memory_Host, newestHost.name()));
        hostName.setToolTipText(hostName.getText()); // names of hosts may be long
        set(host, MemoryWords.rounded(now.hostAvailableBytes()));
        set(swap, MemoryWords.swap(now.swap()));
        target.setMaximum(now.maximumMiB());
        if (now.targetMiB() != toldMiB) {
            toldMiB = now.targetMiB();
            target.setSelection(toldMiB);
        }
        boolean can = now.balloon() && newestHost.connected();
        target.setEnabled(can);
        byItself.setEnabled(can);
        if (now.givenByItself() != toldByItself) {
            toldByItself = now.givenByItself();
            byItself.setSelection(toldByItself);
        }
        look();
    }

    /** What can be done, and what is to be said, for the target that is chosen. */
    private void look() {
        memory.ifPresent(now -> {
            int chosen = target.getSelection();
            enable(set, target.isEnabled() && chosen != now.targetMiB());
            enable(give, target.isEnabled() && now.proposedMiB() > 0);
            var label = now.proposedMiB() > 0
                    ? NLS.bind(Messages.Memory_GiveMore, now.proposedMiB() - now.targetMiB())
                    : Messages.Memory_Give;
            if (!label.equals(give.getText())) {
                give.setText(label);
                give.requestLayout();
            }
            var said = refusal.map(text -> new MemoryWords.Message(Icon.ERROR, text))
                    .orElseGet(() -> MemoryWords.message(vm.orElseThrow(), now, chosen));
            set(message, said.text());
            message.setToolTipText(said.text());
            var image = resources.create(said.icon().descriptor());
            if (icon.getImage() != image) {
                icon.setImage(image);
                icon.requestLayout();
            }
        });
    }

    private static void enable(Button button, boolean enabled) {
        if (button.getEnabled() != enabled) {
            Enablement.set(button, enabled);
        }
    }

    private static void set(Label label, String text) {
        if (!text.equals(label.getText())) {
            label.setText(text);
        }
    }

    /** What an agent is asked for, of a VM. */
    private interface Request {
        CompletableFuture<VmMemory> of(AgentService agent, String name);
    }

    private void ask(int mebibytes) {
        ask((agent, name) -> agent.setMemory(new MemoryTarget(name, mebibytes)));
    }

    private void ask(Request request) {
        var asked = vm.orElseThrow();
        var display = getDisplay();
        Function<AgentService, CompletableFuture<VmMemory>> call = agent -> request.of(agent, asked.name());
        watch.fleet().call(asked.host(), call).whenComplete((done, failure) -> {
            if (!display.isDisposed()) {
                display.asyncExec(() -> answered(failure));
            }
        });
    }

    /** What has changed comes with the next sample. */
    private void answered(Throwable failure) {
        if (!isDisposed()) {
            refusal = Optional.ofNullable(failure).map(Throwable::getMessage);
            if (refusal.isPresent()) {
                byItself.setSelection(toldByItself);
            }
            look();
        }
    }
}
