package org.triplel.ui.traffic;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.DoubleFunction;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
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
import org.eclipse.swt.graphics.ImageData;
import org.eclipse.swt.graphics.ImageLoader;
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
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetViewPart;
import org.triplel.ui.Icon;
import org.triplel.ui.Selected;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.Shade;
import org.triplel.ui.charts.StackedChart;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.charts.StackedData;
import org.triplel.ui.charts.Units;

/** Where the bytes go: local disk or NAS, by class, over time. */
public final class TrafficView extends FleetViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.traffic";

    private static final int FONT_PIXELS = 11;
    private static final int LONGEST_TITLE = 60;

    /** How much time the chart shows. */
    private enum Range {
        MINUTE(1, 60),
        TEN_MINUTES(5, 120),
        HOUR(30, 120);

        private final int secondsPerBucket;
        private final int buckets;

        Range(int secondsPerBucket, int buckets) {
            this.secondsPerBucket = secondsPerBucket;
            this.buckets = buckets;
        }
    }

    private final DateTimeFormatter time =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());
    private final ISelectionListener selectionListener = this::selected;
    private Composite page;
    private Label title;
    private StackedChartCanvas chart;
    private Legend legend;
    private ClassColors colors;
    private IAction pause;
    private IAction follow;
    private Range range = Range.MINUTE;
    private Layer.Figure figure = Layer.Figure.THROUGHPUT;
    private TrafficScope scope = new TrafficScope.All();
    private TrafficScope selection = new TrafficScope.All();
    private Optional<Buckets> shown = Optional.empty();
    private Optional<StackedData> data = Optional.empty();
    private boolean querying;
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
        var palette = palette(parent);
        colors = new ClassColors(palette);
        chart = new StackedChartCanvas(page, drawing(palette), watch().background());
        chart.setLayoutData(new GridData(SWT.FILL, SWT.FILL, true, true));
        chart.onHover(this::hover);
        chart.getAccessible().addAccessibleListener(new AccessibleAdapter() {
            @Override
            public void getName(AccessibleEvent event) {
                event.result = title.getText();
            }
        });
        legend = new Legend(page, colors);
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

    private static Palette palette(Control control) {
        var background = control.getBackground();
        return Palette.on(new Shade(background.getRed(), background.getGreen(), background.getBlue()));
    }

    private StackedChart drawing(Palette palette) {
        return new StackedChart(palette, FONT_PIXELS, unit());
    }

    private DoubleFunction<String> unit() {
        return figure == Layer.Figure.THROUGHPUT ? Units::rate : Units::iops;
    }

    private void recolor() {
        var palette = palette(page);
        colors = new ClassColors(palette);
        chart.setChart(drawing(palette));
        legend.dispose();
        legend = new Legend(page, colors);
        legend.setLayoutData(new GridData(SWT.RIGHT, SWT.TOP, false, false));
        page.layout();
        query();
    }

    private void fillToolBar() {
        var bars = getViewSite().getActionBars().getToolBarManager();
        bars.add(choice(
                "range",
                List.of(Messages.Traffic_Minute, Messages.Traffic_TenMinutes, Messages.Traffic_Hour),
                Messages.Traffic_Range,
                index -> range = Range.values()[index]));
        bars.add(choice(
                "figure",
                List.of(Messages.Traffic_Throughput, Messages.Traffic_Requests),
                Messages.Traffic_Figure,
                index -> figure = Layer.Figure.values()[index]));
        bars.add(new Separator());
        follow = check(Messages.Traffic_Follow, Icon.FOLLOW, this::followSelection);
        follow.setChecked(true);
        bars.add(follow);
        pause = check(Messages.Traffic_Pause, Icon.PAUSE, this::query);
        bars.add(pause);
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
                combo.addListener(SWT.Selection, event -> {
                    chosen.accept(combo.getSelectionIndex());
                    chart.setChart(drawing(palette(page)));
                    query();
                });
                return combo;
            }
        };
    }

    private static IAction check(String text, Icon icon, Runnable changed) {
        var action = new Action(text, IAction.AS_CHECK_BOX) {
            @Override
            public void run() {
                changed.run();
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
        query();
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        if (snapshot.inventory().hosts().isEmpty()) {
            return Messages.Traffic_NoHosts;
        }
        if (!pause.isChecked()) {
            query();
        }
        return "";
    }

    /** Has the background sum up what is to be shown, and then shows it. */
    private void query() {
        var words = words();
        if (!words.equals(title.getText())) {
            title.setText(words);
        }
        if (querying || pause.isChecked() && shown.isPresent()) {
            return;
        }
        querying = true;
        var traffic = watch().fleet().traffic();
        var order = new Order(scope, range, figure, colors);
        var display = page.getDisplay();
        watch().background().execute(() -> {
            var buckets = order.query(traffic);
            var stack = Layer.stack(buckets, order.figure, order.colors);
            if (!display.isDisposed()) {
                display.asyncExec(() -> take(order, buckets, stack));
            }
        });
    }

    private record Order(TrafficScope scope, Range range, Layer.Figure figure, ClassColors colors) {
        Buckets query(TrafficStore traffic) {
            var end = traffic.newestSecond();
            // whole buckets only, so that a bar does not change while time goes on
            var aligned = end - Math.floorMod(end + 1, range.secondsPerBucket);
            return traffic.query(scope, aligned, range.secondsPerBucket, range.buckets);
        }
    }

    private void take(Order order, Buckets buckets, StackedData stack) {
        querying = false;
        if (page.isDisposed()) {
            return;
        }
        if (!order.equals(new Order(scope, range, figure, colors))) {
            query();
            return;
        }
        if (shown.filter(buckets::equals).isPresent()) {
            return;
        }
        shown = Optional.of(buckets);
        data = Optional.of(stack);
        chart.show(stack);
        hover(hover);
    }

    private String words() {
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
        data.ifPresent(stack -> {
            var at = index < 0 || index >= stack.count() ? stack.count() - 1 : index;
            var moment = time.format(Instant.ofEpochMilli(stack.startMillis() + at * stack.stepMillis()));
            legend.show(index < 0 ? Messages.Traffic_Now : moment, stack, at, unit());
        });
    }

    /**
     * Writes the picture that is shown as PNG.
     *
     * @return the job that does it, or nothing as long as nothing is shown
     */
    public Optional<Job> exportImage(Path file) {
        return chart.imageData().map(image -> save(file, () -> write(image, file)));
    }

    /**
     * Writes the figures that are shown as comma-separated values.
     *
     * @return the job that does it, or nothing as long as nothing is shown
     */
    public Optional<Job> exportCsv(Path file) {
        return shown.map(buckets -> save(file, () -> write(buckets, file)));
    }

    private static void write(ImageData image, Path file) throws IOException {
        var loader = new ImageLoader();
        loader.data = new ImageData[] {image};
        try (var out = Files.newOutputStream(file)) {
            loader.save(out, SWT.IMAGE_PNG);
        }
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
