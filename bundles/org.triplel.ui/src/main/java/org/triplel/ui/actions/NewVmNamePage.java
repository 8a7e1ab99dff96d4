package org.triplel.ui.actions;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Combo;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Text;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.Replica;
import org.triplel.cluster.Fleet;
import org.triplel.cluster.Host;
import org.triplel.cluster.Size;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.charts.Units;

/** Asks for the VM's name, its host, and the base image that it is made of. */
final class NewVmNamePage extends NewVmPage {

    /** What a host has said of the base images, or that it has not yet, or why it does not. */
    private sealed interface Answer {
        record Awaited() implements Answer {}

        record Refused(String why) implements Answer {}

        record Told(List<BaseImage> bases) implements Answer {}
    }

    private final Fleet fleet;
    private final String preferredHost;
    private final Set<String> asked = new HashSet<>();
    private final Map<String, Answer> answers = new HashMap<>();
    private List<BaseImage> bases = List.of();
    private Text name;
    private Combo host;
    private Label hostRemark;
    private Combo base;
    private Label baseRemark;

    /** @param preferredHost chosen at first, if it can be */
    NewVmNamePage(Fleet fleet, Optional<String> preferredHost) {
        super("name", Messages.NewVm_NameTitle, Messages.NewVm_NamePrompt);
        this.fleet = fleet;
        this.preferredHost = preferredHost.orElse("");
    }

    @Override
    public void createControl(Composite parent) {
        var page = columns(parent);
        name = labelled(page, Messages.NewVm_Name, each -> new Text(each, SWT.BORDER));
        name.setTextLimit(100);
        host = labelled(page, Messages.NewVm_Host, each -> new Combo(each, SWT.READ_ONLY));
        hostRemark = remark(page);
        base = labelled(page, Messages.NewVm_Base, each -> new Combo(each, SWT.READ_ONLY));
        baseRemark = remark(page);
        AccessibleName.set(name, plain(Messages.NewVm_Name));
        AccessibleName.set(host, plain(Messages.NewVm_Host));
        AccessibleName.set(base, plain(Messages.NewVm_Base));
        setControl(page);
        name.addListener(SWT.Modify, event -> vmWizard().look());
        host.addListener(SWT.Selection, event -> vmWizard().look());
        base.addListener(SWT.Selection, event -> vmWizard().look());
    }

    @Override
    void focus() {
        name.setFocus();
    }

    static String plain(String label) {
        return label.replace("&", "");
    }

    String name() {
        return name.getText().strip();
    }

    String host() {
        return host.getText();
    }

    Optional<BaseImage> base() {
        return base.getSelectionIndex() < 0 ? Optional.empty() : Optional.of(bases.get(base.getSelectionIndex()));
    }

    @Override
    void look() {
        var inventory = fleet.inventory();
        showHosts(inventory.hosts());
        var answer = answer(host());
        showBases(answer instanceof Answer.Told told ? told.bases : List.of());
        var form = vmWizard().form();
        say(hostRemark, hostWords(inventory.hosts()));
        say(baseRemark, baseWords(answer, inventory.host(host())));
        say(
                List.of(form.hostProblem(), form.nameProblem(), refusal(answer), form.baseProblem()),
                Optional.empty(),
                IMessageProvider.NONE,
                form.named());
    }

    private static Optional<String> refusal(Answer answer) {
        return switch (answer) {
            case Answer.Refused refused -> Optional.of(refused.why);
            case Answer.Told told when told.bases.isEmpty() -> Optional.of(Messages.NewVm_NoBase);
            case Answer.Told told -> Optional.empty();
            case Answer.Awaited awaited -> Optional.empty();
        };
    }

    /** Only hosts that answer are offered; one that was chosen stays, also if it is lost meanwhile. */
    private void showHosts(List<Host> hosts) {
        var chosen = host();
        var names = hosts.stream()
                .filter(each -> each.connected() || each.name().equals(chosen))
                .map(Host::name)
                .toList();
        if (!names.equals(List.of(host.getItems()))) {
            host.setItems(names.toArray(String[]::new));
            host.select(Math.max(0, names.indexOf(chosen.isEmpty() ? preferredHost : chosen)));
        }
    }

    private String hostWords(List<Host> hosts) {
        var load = hosts.stream()
                .filter(each -> each.name().equals(host()))
                .map(each -> NLS.bind(
                        Messages.NewVm_HostLoad,
                        each.vms().stream().filter(NewVmForm::runs).count(),
                        each.vms().size()));
        var lost = hosts.stream()
                .filter(Predicate.not(Host::connected))
                .map(Host::name)
                .collect(Collectors.joining(", "));
        return Stream.concat(
                        load, lost.isEmpty() ? Stream.empty() : Stream.of(NLS.bind(Messages.NewVm_HostsLost, lost)))
                .collect(Collectors.joining(" "));
    }

    /** What a host has said of the base images on its NAS. It is asked for them when that is needed first. */
    private Answer answer(String from) {
        if (!from.isEmpty() && asked.add(from)) {
            ask(from);
        }
        return answers.getOrDefault(from, new Answer.Awaited());
    }

    /** The page looks again when the host has answered. */
    private void ask(String from) {
        var display = Display.getCurrent();
        fleet.call(from, AgentService::bases).whenComplete((told, failure) -> {
            var answer = failure == null
                    ? new Answer.Told(sorted(told))
                    : new Answer.Refused(String.valueOf(failure.getMessage()));
            if (!display.isDisposed()) {
                display.asyncExec(() -> answered(from, answer));
            }
        });
    }

    /** Hosts that could not tell are asked again when they are needed next: they may be able to now. */
    void askAgain() {
        asked.removeIf(from -> answers.get(from) instanceof Answer.Refused);
    }

    private void answered(String from, Answer answer) {
        answers.put(from, answer);
        if (!name.isDisposed()) {
            vmWizard().look();
        }
    }

    /** The newest version of each comes first. */
    private static List<BaseImage> sorted(List<BaseImage> told) {
        var sorted = new ArrayList<>(told);
        sorted.sort(Comparator.comparing(BaseImage::name).thenComparing(BaseImage::version, Comparator.reverseOrder()));
        return List.copyOf(sorted);
    }

    /** What was chosen stays so, if another host has it, too; at first the first is that can be used. */
    private void showBases(List<BaseImage> offered) {
        if (offered.equals(bases)) {
            return;
        }
        var before = base();
        bases = offered;
        base.setItems(offered.stream().map(NewVmNamePage::words).toArray(String[]::new));
        offered.stream()
                .filter(each -> before.filter(chosen -> same(chosen, each)).isPresent())
                .findFirst()
                .or(() -> offered.stream()
                        .filter(each -> each.problem().isEmpty())
                        .findFirst())
                .or(() -> offered.stream().findFirst())
                .ifPresent(chosen -> base.select(offered.indexOf(chosen)));
    }

    private static boolean same(BaseImage one, BaseImage other) {
        return one.name().equals(other.name()) && one.version() == other.version();
    }

    private static String words(BaseImage image) {
        return image.problem().isEmpty()
                ? NLS.bind(
                        Messages.NewVm_BaseItem,
                        new Object[] {image.name(), image.version(), new Size(image.bytes()).exact()})
                : NLS.bind(Messages.NewVm_BaseItemUnusable, image.name(), image.version());
    }

    private String baseWords(Answer answer, Optional<Host> chosenHost) {
        if (answer instanceof Answer.Awaited && !host().isEmpty()) {
            return NLS.bind(Messages.NewVm_BasesAwaited, host());
        }
        return base().filter(image -> image.problem().isEmpty())
                .map(image -> chosenHost.stream()
                        .flatMap(each -> each.replicas().stream())
                        .filter(replica -> replica.base().equals(image.name()) && replica.version() == image.version())
                        .findFirst()
                        .map(this::replicaWords)
                        .orElse(NLS.bind(Messages.NewVm_BaseNotThere, host())))
                .orElse("");
    }

    /** How much of it the host has: that decides how fast the VM boots. */
    private String replicaWords(Replica replica) {
        if (!replica.problem().isEmpty()) {
            return NLS.bind(Messages.NewVm_BaseStuck, host(), replica.problem());
        }
        if (!replica.shadowBase()) {
            return NLS.bind(Messages.NewVm_BaseOff, host());
        }
        if (replica.complete()) {
            return NLS.bind(Messages.NewVm_BaseComplete, host());
        }
        return replica.verifiedChunks() == 0
                ? NLS.bind(Messages.NewVm_BaseNotThere, host())
                : NLS.bind(
                        Messages.NewVm_BasePartial,
                        host(),
                        Units.percent((double) replica.verifiedChunks() / replica.chunks()));
    }
}
