package org.triplel.ui.actions;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.core.runtime.jobs.Job;
import org.eclipse.jface.dialogs.Dialog;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.dnd.Clipboard;
import org.eclipse.swt.dnd.TextTransfer;
import org.eclipse.swt.dnd.Transfer;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.ProgressBar;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.TableColumn;
import org.eclipse.swt.widgets.TableItem;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.BootStorm;
import org.triplel.cluster.BootStormHistory;
import org.triplel.cluster.BootStormResult;
import org.triplel.cluster.Inventory;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.Enablement;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Icon;
import org.triplel.ui.Moment;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.Sparkline;
import org.triplel.ui.charts.Units;

/** Starts many VMs at once and shows how that went, beside the last run with the other setting. Not modal. */
final class BootStormDialog extends Dialog {

    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final int SUMMARY_ROWS = 5;
    private static final int ROWS_HEIGHT = 300;

    /** A figure of a run that is shown beside that of the other. */
    private record Figure(String name, double with, double without, DoubleFunction<String> unit) {}

    private final FleetWatch watch;
    private final BootStormHistory history;
    private List<String> vms;
    private Label text;
    private Button shadowBase;
    private Button fromNas;
    private Button fresh;
    private Label remark;
    private Label status;
    private ProgressBar progress;
    private Table table;
    /** Those that the dialog has said to be running; the user has accepted that they are ended. */
    private Set<String> shownRunning = Set.of();

    private Optional<BootStormJob> job = Optional.empty();

    BootStormDialog(Shell parent, FleetWatch watch, List<String> vms, BootStormHistory history) {
        super(parent);
        this.watch = watch;
        this.vms = vms;
        this.history = history;
        setShellStyle(SWT.CLOSE | SWT.TITLE | SWT.RESIZE | SWT.MODELESS);
        setBlockOnOpen(false);
    }

    @Override
    protected void configureShell(Shell shell) {
        super.configureShell(shell);
        shell.setText(Messages.Storm_Title);
    }

    @Override
    protected Control createDialogArea(Composite parent) {
        var area = (Composite) super.createDialogArea(parent);
        var layout = (GridLayout) area.getLayout();
        layout.verticalSpacing = 8;
        text = label(area, text());
        var choice = new Composite(area, SWT.NONE);
        var choiceLayout = new GridLayout(3, false);
        choiceLayout.marginWidth = 0;
        choice.setLayout(choiceLayout);
        new Label(choice, SWT.NONE).setText(Messages.Storm_Base);
        shadowBase = new Button(choice, SWT.RADIO);
        shadowBase.setText(Messages.Storm_FromReplica);
        shadowBase.setSelection(true);
        fromNas = new Button(choice, SWT.RADIO);
        fromNas.setText(Messages.Storm_FromNas);
        fresh = new Button(area, SWT.CHECK);
        fresh.setText(Messages.Storm_Fresh);
        fresh.setSelection(true);
        remark = label(area, "");
        table = results(area);
        status = label(area, " ");
        progress = new ProgressBar(area, SWT.NONE);
        progress.setMaximum(Math.max(1, vms.size()));
        GridDataFactory.fillDefaults().grab(true, false).applyTo(progress);
        recall(area.getDisplay());
        return area;
    }

    @Override
    protected Control createContents(Composite parent) {
        var contents = super.createContents(parent);
        var subscription = watch.watch(this::take);
        contents.addListener(SWT.Dispose, event -> subscription.close());
        return contents;
    }

    private String text() {
        return switch (vms.size()) {
            case 0 -> Messages.Storm_NoVms;
            case 1 -> NLS.bind(Messages.Storm_TextOne, vms.getFirst());
            default -> NLS.bind(Messages.Storm_Text, vms.size());
        };
    }

    private void take(FleetSnapshot snapshot) {
        if (table.isDisposed()) {
            return;
        }
        if (vms.isEmpty() && snapshot.inventory().vms().findAny().isPresent()) {
            // opened before there was a host
            vms = snapshot.inventory().vms().map(Vm::name).toList();
            text.setText(text());
            progress.setMaximum(vms.size());
            Enablement.set(getButton(IDialogConstants.OK_ID), true);
            recall(table.getDisplay());
        }
        job.ifPresentOrElse(now -> showBoots(now, snapshot.inventory()), () -> {
            shownRunning = running(snapshot.inventory());
            set(remark, remark(snapshot.inventory()));
        });
    }

    private static void set(Label label, String words) {
        if (!words.equals(label.getText())) {
            label.setText(words);
        }
    }

    /** How far each VM is, in the column of the run's setting. */
    private void showBoots(BootStormJob running, Inventory inventory) {
        var column = running.plan().shadowBase() ? 1 : 3;
        for (var i = 0; i < table.getItemCount(); i++) {
            var item = table.getItem(i);
            inventory.vm(item.getText(0)).ifPresent(vm -> {
                var host = inventory.host(vm.host()).orElseThrow();
                var words = vm.ready() && vm.startedAtMillis() >= running.scheduledMillis()
                        ? Units.duration(vm.readyAfterMillis())
                        : Icon.words(vm, host);
                if (!words.equals(item.getText(column))) {
                    item.setText(column, words);
                }
            });
        }
    }

    /** Shows the last run of the same VMs, if there was one. */
    private void recall(Display display) {
        Job.createSystem(Messages.Storm_Job, monitor -> {
                    try {
                        var last = history.last(vms);
                        var other = last.isEmpty() ? last : history.counterpart(last.get());
                        onUi(display, () -> recalled(last, other));
                    } catch (IOException e) {
                        onUi(display, () -> status.setText(e.getMessage()));
                    }
                })
                .schedule();
    }

    private void recalled(Optional<BootStormResult> last, Optional<BootStormResult> other) {
        if (job.isPresent() || table.getItemCount() > 0) {
            return;
        }
        last.ifPresentOrElse(
                result -> {
                    show(result, other);
                    progress.setSelection(0);
                    status.setText(NLS.bind(Messages.Storm_Last, Moment.words(result.startedMillis())));
                },
                () -> status.setText(Messages.Storm_None));
    }

    private static Label label(Composite parent, String text) {
        var label = new Label(parent, SWT.WRAP);
        label.setText(text);
        GridDataFactory.fillDefaults().grab(true, false).hint(640, SWT.DEFAULT).applyTo(label);
        return label;
    }

    private String remark(Inventory inventory) {
        return (runningWords(inventory) + " " + onNas(inventory)).strip();
    }

    private String onNas(Inventory inventory) {
        var count = inventory
                .vms()
                .filter(vm -> vms.contains(vm.name()) && vm.placement().base() == Side.NAS)
                .count();
        if (count == 0) {
            return "";
        }
        return count == 1 ? Messages.Storm_OnNasOne : NLS.bind(Messages.Storm_OnNas, count);
    }

    private Set<String> running(Inventory inventory) {
        return inventory
                .vms()
                .filter(vm -> vms.contains(vm.name()))
                .filter(vm -> vm.state() != VmState.STOPPED && vm.state() != VmState.CRASHED)
                .map(Vm::name)
                .collect(Collectors.toSet());
    }

    private String runningWords(Inventory inventory) {
        var count = running(inventory).size();
        if (count == 0) {
            return "";
        }
        return count == 1 ? Messages.Storm_RunningOne : NLS.bind(Messages.Storm_Running, count);
    }

    private Table results(Composite parent) {
        var created = new Table(parent, SWT.BORDER | SWT.FULL_SELECTION);
        created.setHeaderVisible(true);
        GridDataFactory.fillDefaults().grab(true, true).hint(710, ROWS_HEIGHT).applyTo(created);
        column(created, Messages.Storm_Column_Vm, 160, SWT.LEFT);
        column(created, Messages.Storm_With, 140, SWT.RIGHT);
        column(created, "", 128, SWT.LEFT);
        column(created, Messages.Storm_Without, 140, SWT.RIGHT);
        column(created, "", 128, SWT.LEFT);
        created.addListener(SWT.PaintItem, BootStormDialog::paintBar);
        created.addListener(SWT.KeyDown, event -> {
            if (event.keyCode == 'c' && (event.stateMask & SWT.MODIFIER_MASK) == SWT.MOD1) {
                copy(created);
            }
        });
        AccessibleName.set(created, Messages.Storm_Title);
        return created;
    }

    /** The whole comparison, tab-separated. */
    private static void copy(Table table) {
        var text = new StringBuilder(line(Messages.Storm_Column_Vm, Messages.Storm_With, Messages.Storm_Without));
        for (var item : table.getItems()) {
            text.append(line(item.getText(0), item.getText(1), item.getText(3)));
        }
        var clipboard = new Clipboard(table.getDisplay());
        clipboard.setContents(new Object[] {text.toString()}, new Transfer[] {TextTransfer.getInstance()});
        clipboard.dispose();
    }

    private static String line(String... cells) {
        return String.join("\t", cells) + System.lineSeparator();
    }

    private static void column(Table table, String title, int width, int style) {
        var column = new TableColumn(table, style);
        column.setText(title);
        column.setWidth(width);
    }

    private static void paintBar(Event event) {
        if (event.item.getData() instanceof Figure figure && (event.index == 2 || event.index == 4)) {
            var value = event.index == 2 ? figure.with : figure.without;
            var highest = Math.max(figure.with, figure.without);
            if (value > 0 && highest > 0) {
                var item = (TableItem) event.item;
                paintBar(
                        event.gc,
                        Palette.of(item.getParent()),
                        item.getBounds(event.index),
                        (int) (value / highest * widestBar(item.getParent())),
                        event.index == 2);
            }
        }
    }

    /** Bars are compared, so both columns have one scale, although the last is as wide as what is left. */
    private static int widestBar(Table table) {
        return Math.min(table.getColumn(2).getWidth(), table.getColumn(4).getWidth()) - 10;
    }

    private static void paintBar(GC gc, Palette palette, Rectangle cell, int width, boolean local) {
        var colors = new ClassColors(palette);
        new Sparkline(palette)
                .share(
                        gc,
                        new Rectangle(cell.x + 5, cell.y + 6, Math.max(1, width), cell.height - 12),
                        1,
                        local ? colors.local() : colors.nas());
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        Enablement.set(createButton(parent, IDialogConstants.OK_ID, Messages.Storm_Start, true), !vms.isEmpty());
        createButton(parent, IDialogConstants.CANCEL_ID, Messages.Storm_Close, false);
    }

    @Override
    protected void okPressed() {
        job.ifPresentOrElse(BootStormJob::cancel, this::start);
    }

    private void start() {
        var plan = new BootStorm.Plan(vms, shownRunning, shadowBase.getSelection(), fresh.getSelection(), LIMIT);
        var display = getShell().getDisplay();
        var started = new BootStormJob(
                watch.fleet(),
                plan,
                history,
                (words, done) -> onUi(display, () -> report(words, done)),
                end -> onUi(display, () -> ended(end)));
        job = Optional.of(started);
        enable(false);
        table.removeAll();
        vms.forEach(vm -> new TableItem(table, SWT.NONE).setText(vm));
        started.schedule();
    }

    private void onUi(Display display, Runnable change) {
        if (!display.isDisposed()) {
            display.asyncExec(() -> {
                if (!status.isDisposed()) {
                    change.run();
                }
            });
        }
    }

    private void enable(boolean idle) {
        Enablement.set(shadowBase, idle);
        Enablement.set(fromNas, idle);
        Enablement.set(fresh, idle);
        getButton(IDialogConstants.OK_ID).setText(idle ? Messages.Storm_Start : Messages.Storm_Stop);
        getButton(IDialogConstants.OK_ID).requestLayout();
        // Enter starts a run, but it does not cancel one
        getShell().setDefaultButton(getButton(idle ? IDialogConstants.OK_ID : IDialogConstants.CANCEL_ID));
        remark.setText("");
        shownRunning = Set.of();
    }

    private void report(String words, int done) {
        set(status, words);
        progress.setSelection(done);
    }

    private void ended(BootStormJob.End end) {
        job = Optional.empty();
        enable(true);
        switch (end) {
            case BootStormJob.Done(var result, var other) -> show(result, other);
            case BootStormJob.Failed(var why) -> {
                table.removeAll();
                status.setText(why);
                progress.setSelection(0);
            }
        }
    }

    private void show(BootStormResult result, Optional<BootStormResult> other) {
        table.removeAll();
        progress.setSelection(result.readyCount());
        status.setText(NLS.bind(
                Messages.Storm_Ready,
                new Object[] {result.readyCount(), result.boots().size(), Units.duration(result.millis())}));
        DoubleFunction<String> time = millis -> Units.duration(Math.round(millis));
        add(result, other, Messages.Storm_NasRead, BootStormResult::nasReadBytes, Units::bytes);
        add(result, other, Messages.Storm_NasWritten, BootStormResult::nasWriteBytes, Units::bytes);
        add(result, other, Messages.Storm_Total, BootStormResult::millis, time);
        add(result, other, Messages.Storm_Median, run -> orNone(run.medianMillis()), time);
        add(result, other, Messages.Storm_Longest, run -> orNone(run.longestMillis()), time);
        for (var i = 0; i < result.boots().size(); i++) {
            var index = i;
            add(
                    result,
                    other,
                    result.boots().get(i).vm(),
                    run -> run.boots().get(index).readyMillis(),
                    time);
        }
    }

    private static long orNone(OptionalLong value) {
        return value.orElse(-1);
    }

    private void add(
            BootStormResult result,
            Optional<BootStormResult> other,
            String name,
            Function<BootStormResult, Long> value,
            DoubleFunction<String> unit) {
        var mine = value.apply(result);
        var its = other.map(value);
        var with = result.shadowBase() ? Optional.of(mine) : its;
        var without = result.shadowBase() ? its : Optional.of(mine);
        var item = new TableItem(table, SWT.NONE);
        item.setData(new Figure(name, with.orElse(0L), without.orElse(0L), unit));
        item.setText(new String[] {name, words(with, unit), "", words(without, unit), ""});
        if (table.getItemCount() <= SUMMARY_ROWS) {
            item.setFont(JFaceResources.getFontRegistry().getBold(JFaceResources.DEFAULT_FONT));
        }
    }

    private static String words(Optional<Long> value, DoubleFunction<String> unit) {
        if (value.isEmpty()) {
            return Messages.Storm_NoOther;
        }
        return value.get() < 0 ? Messages.Storm_NotReady : unit.apply(value.get());
    }
}
