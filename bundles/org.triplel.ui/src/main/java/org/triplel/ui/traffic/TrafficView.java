package org.triplel.ui.traffic;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.eclipse.core.runtime.IProgressMonitor;
import org.eclipse.core.runtime.IStatus;
import org.eclipse.core.runtime.Status;
import org.eclipse.core.runtime.jobs.Job;
import org.eclipse.jface.action.Action;
import org.eclipse.jface.action.ControlContribution;
import org.eclipse.jface.action.IAction;
import org.eclipse.jface.action.Separator;
import org.eclipse.jface.viewers.ISelection;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.accessibility.AccessibleAdapter;
import org.eclipse.swt.accessibility.AccessibleEvent;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Combo;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.FileDialog;
import org.eclipse.swt.widgets.Label;
import org.eclipse.ui.ISelectionListener;
import org.eclipse.ui.IWorkbenchPart;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Buckets;
import org.triplel.cluster.TrafficCsv;
import org.triplel.cluster.TrafficScope;
import org.triplel.cluster.TrafficStore;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.BackgroundQuery;
import org.triplel.ui.ChartSpan;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetViewPart;
import org.triplel.ui.Icon;
import org.triplel.ui.Selected;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedChart;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.charts.StackedData;

/** Where the bytes go: local disk or NAS, by class, over time. */
public final class TrafficView extends FleetViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.traffic";

    private static final int FONT_PIXELS = 11;
    private static final int EMPTY_MOVES_ON_SECONDS = 10;
    private static final int LONGEST_TITLE = 60;
    private static final int PICTURE_WIDTH = 1280;
    private static final int PICTURE_HEIGHT = 640;

    private final DateTimeFormatter time =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());
    private final ISelectionListener selectionListener = this::selected;
    private Composite page;
    private Label title;
    private StackedChartCanvas chart;
    private Legend legend;
    private Palette palette;
    private IAction follow;
    private ChartSpan span = ChartSpan.MINUTE;
    private Layer.Figure figure = Layer.Figure.THROUGHPUT;
    private TrafficScope scope = new TrafficScope.All();
    private TrafficScope selection = new TrafficScope.All();
    private OptionalLong heldSecond = OptionalLong.empty();
    private Optional<Shown> shown = Optional.empty();
    private BackgroundQuery<Order, Shown> query;
    private int hover = -1;

    @Override
    protected Control createContent(Composite parent) {
        page = new Composite(parent, SWT.NONE);
        var layout = new GridLayout(2, false);
        layout.marginWidth = 0;
        layout.marginHeight = 0;
        layout.horizontalSpacing = 0;
        layout.verticalSpacing = 0;
        page.setLayout(layout);
        title = new Label(page, SWT.NONE);
        var titleData = new GridData(SWT.FILL, SWT.CENTER, true, false, 2, 1);
        titleData.horizontalIndent = 8;
        titleData.verticalIndent = 4;
        title.setLayoutData(titleData);
        palette = Palette.of(parent);
        query = new BackgroundQuery<>(
                page,
                watch().background(),
                () -> Optional.of(order()),
                order -> order.query(watch().fleet().traffic()),
                this::take);
        chart = new StackedChartCanvas(page, watch().background());
        chart.setLayoutData(new GridData(SWT.FILL, SWT.FILL, true, true));
        chart.onHover(this::hover);
        chart.getAccessible().addAccessibleListener(new AccessibleAdapter() {
            @Override
            public void getName(AccessibleEvent event) {
                event.result = title.getText();
            }
        });
        legend = new Legend(page, new ClassColors(palette));
        legend.setLayoutData(new GridData(SWT.RIGHT, SWT.TOP, false, false));
        fillToolBar();
        getSite().getPage().addPostSelectionListener(selectionListener);
        page.addListener(SWT.Settings, event -> recolor());
        return page;
    }

    @Override
    public void dispose() {
        getSite().getPage().removePostSelectionListener(selectionListener);
        super.dispose();
    }

    private void recolor() {
        palette = Palette.of(page);
        legend.dispose();
        legend = new Legend(page, new ClassColors(palette));
        legend.setLayoutData(new GridData(SWT.RIGHT, SWT.TOP, false, false));
        page.layout();
        query.ask();
    }

    private void fillToolBar() {
        var bars = getViewSite().getActionBars().getToolBarManager();
        bars.add(choice(
                "range", ChartSpan.allWords(), Messages.Traffic_Range, index -> span = ChartSpan.values()[index]));
        bars.add(choice(
                "figure",
                Stream.of(Layer.Figure.values()).map(Layer.Figure::words).toList(),
                Messages.Traffic_Figure,
                index -> figure = Layer.Figure.values()[index]));
        bars.add(new Separator());
        follow = check(Messages.Traffic_Follow, Icon.FOLLOW, checked -> followSelection());
        follow.setChecked(true);
        bars.add(follow);
        bars.add(check(Messages.Traffic_Pause, Icon.PAUSE, this::hold));
        bars.add(new Separator());
        bars.add(
                push(Messages.Traffic_SaveImage, Icon.IMAGE, () -> choose("png").ifPresent(this::exportImage)));
        bars.add(push(Messages.Traffic_SaveCsv, Icon.CSV, () -> choose("csv").ifPresent(this::exportCsv)));
    }

    private ControlContribution choice(String id, List<String> items, String name, IntConsumer chosen) {
        return new ControlContribution(id) {
            @Override
            protected Control createControl(Composite parent) {
                var combo = new Combo(parent, SWT.READ_ONLY);
                combo.setItems(items.toArray(String[]::new));
                combo.select(0);
                combo.setToolTipText(name);
                AccessibleName.set(combo, name);
                combo.addListener(SWT.Selection, event -> {
                    chosen.accept(combo.getSelectionIndex());
                    query.ask();
                });
                return combo;
            }
        };
    }

    private static IAction check(String text, Icon icon, Consumer<Boolean> changed) {
        var action = new Action(text, IAction.AS_CHECK_BOX) {
            @Override
            public void run() {
                changed.accept(isChecked());
            }
        };
        action.setImageDescriptor(icon.descriptor());
        action.setToolTipText(text);
        return action;
    }

    private static IAction push(String text, Icon icon, Runnable run) {
        var action = new Action(text) {
            @Override
            public void run() {
                run.run();
            }
        };
        action.setImageDescriptor(icon.descriptor());
        action.setToolTipText(text);
        return action;
    }

    private void selected(IWorkbenchPart part, ISelection newest) {
        if (part == this) {
            return;
        }
        var vms = new Selected(newest, watch().newest().inventory()).vms();
        selection = vms.isEmpty()
                ? new TrafficScope.All()
                : new TrafficScope.Vms(vms.stream().map(Vm::name).collect(Collectors.toCollection(TreeSet::new)));
        followSelection();
    }

    private void followSelection() {
        scope = follow.isChecked() ? selection : new TrafficScope.All();
        query.ask();
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        if (snapshot.inventory().hosts().isEmpty()) {
            return Messages.Traffic_NoHosts;
        }
        query.ask();
        return "";
    }

    /** Keeps the present moment, so that it can be looked at in every way, or goes on with time. */
    private void hold(boolean held) {
        heldSecond = held ? OptionalLong.of(watch().fleet().traffic().newestSecond()) : OptionalLong.empty();
        query.ask();
    }

    /** What is to be drawn. */
    private record Order(
            TrafficScope scope, ChartSpan span, Layer.Figure figure, Palette palette, OptionalLong heldSecond) {

        Shown query(TrafficStore traffic) {
            var end = heldSecond.orElseGet(traffic::newestSecond);
            // whole buckets only, so that a bar does not change while time goes on
            var aligned = span.aligned(end);
            var buckets = traffic.query(scope, aligned, span.secondsPerBucket(), span.buckets());
            return new Shown(this, buckets, Layer.stack(buckets, figure, new ClassColors(palette)));
        }

        StackedChart chart() {
            return new StackedChart(palette, FONT_PIXELS, figure.unit());
        }
    }

    /** What is drawn. */
    private record Shown(Order order, Buckets buckets, StackedData data) {

        /** Whether it looks the same as what is shown. An empty chart moves on every few seconds only. */
        boolean same(Shown old) {
            return order.equals(old.order) && (buckets.equals(old.buckets) || empty() && old.empty() && !aged(old));
        }

        private boolean empty() {
            return buckets.amounts().isEmpty();
        }

        private boolean aged(Shown old) {
            return Math.abs(buckets.startSecond() - old.buckets.startSecond()) >= EMPTY_MOVES_ON_SECONDS;
        }
    }

    private Order order() {
        return new Order(scope, span, figure, palette, heldSecond);
    }

    private void take(Shown newest) {
        if (shown.filter(newest::same).isPresent()) {
            return;
        }
        shown = Optional.of(newest);
        var words = words(newest.order);
        if (!words.equals(title.getText())) {
            title.setText(words);
        }
        chart.show(newest.order.chart(), newest.data);
        hover(hover);
    }

    private String words(Order order) {
        var what = words(order.scope);
        return order.heldSecond.isEmpty()
                ? what
                : NLS.bind(
                        Messages.Traffic_Held, what, time.format(Instant.ofEpochSecond(order.heldSecond.getAsLong())));
    }

    private static String words(TrafficScope scope) {
        return switch (scope) {
            case TrafficScope.All() -> Messages.Traffic_All;
            case TrafficScope.Vms(var names) -> {
                var list = String.join(", ", names);
                yield list.length() > LONGEST_TITLE ? NLS.bind(Messages.Traffic_Many, names.size()) : list;
            }
        };
    }

    private void hover(int index) {
        hover = index;
        shown.ifPresent(now -> {
            var stack = now.data;
            var at = index < 0 || index >= stack.count() ? stack.count() - 1 : index;
            var moment = time.format(Instant.ofEpochMilli(stack.startMillis() + at * stack.stepMillis()));
            var held = now.order.heldSecond.isPresent();
            legend.show(index < 0 && !held ? Messages.Traffic_Now : moment, stack, at, now.order.figure.unit());
        });
    }

    /**
     * Writes what is shown as a PNG of its own, with its title and its legend.
     *
     * @return the job that does it, or nothing as long as nothing is shown
     */
    public Optional<Job> exportImage(Path file) {
        return shown.map(now -> save(file, () -> {
            var date = DateTimeFormatter.ISO_LOCAL_DATE.withZone(ZoneId.systemDefault());
            var heading = NLS.bind(Messages.Traffic_Heading, new Object[] {
                words(now.order.scope),
                now.order.figure.words(),
                date.format(Instant.ofEpochMilli(now.data.startMillis()))
            });
            ImageIO.write(
                    now.order.chart().picture(now.data, heading, PICTURE_WIDTH, PICTURE_HEIGHT), "png", file.toFile());
        }));
    }

    /**
     * Writes the figures that are shown as comma-separated values.
     *
     * @return the job that does it, or nothing as long as nothing is shown
     */
    public Optional<Job> exportCsv(Path file) {
        return shown.map(now -> save(file, () -> write(now.buckets, file)));
    }

    private static void write(Buckets buckets, Path file) throws IOException {
        try (var out = Files.newBufferedWriter(file)) {
            new TrafficCsv(buckets).write(out);
        }
    }

    private Optional<Path> choose(String extension) {
        var dialog = new FileDialog(getSite().getShell(), SWT.SAVE);
        dialog.setFileName("traffic." + extension);
        dialog.setFilterExtensions(new String[] {"*." + extension});
        dialog.setOverwrite(true);
        return Optional.ofNullable(dialog.open()).map(Path::of);
    }

    private interface Writing {
        void run() throws IOException;
    }

    private static Job save(Path file, Writing writing) {
        var job = new Job(NLS.bind(Messages.Traffic_Saving, file.getFileName())) {
            @Override
            protected IStatus run(IProgressMonitor monitor) {
                try {
                    writing.run();
                    return Status.OK_STATUS;
                } catch (IOException e) {
                    return Status.error(NLS.bind(Messages.Traffic_NotSaved, file, e.getMessage()), e);
                }
            }
        };
        job.schedule();
        return job;
    }
}
