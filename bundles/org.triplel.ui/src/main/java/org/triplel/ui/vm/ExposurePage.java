package org.triplel.ui.vm;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.accessibility.AccessibleAdapter;
import org.eclipse.swt.accessibility.AccessibleEvent;
import org.eclipse.swt.custom.StackLayout;
import org.eclipse.swt.widgets.Combo;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.Writes;
import org.triplel.cluster.Exposures;
import org.triplel.cluster.TrafficStore;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.BackgroundQuery;
import org.triplel.ui.ChartSpan;
import org.triplel.ui.ExposureFigure;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.charts.Alarm;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedChart;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.charts.StackedData;
import org.triplel.ui.charts.StackedSeries;
import org.triplel.ui.charts.StackedSeries.Hatch;

/** What of the VM would have been lost with its host over time, and what is promised. */
final class ExposurePage extends Composite {

    private static final int FONT_PIXELS = 11;
    private static final int MARGIN = 5;

    private final DateTimeFormatter time =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());
    private final StackLayout stack = new StackLayout();
    private final Label empty;
    private final Composite page;
    private final Label words;
    private final StackedChartCanvas chart;
    private final BackgroundQuery<Order, Shown> query;
    private ChartSpan span = ChartSpan.MINUTE;
    private ExposureFigure figure = ExposureFigure.AGE;
    private Optional<Vm> vm = Optional.empty();
    private Optional<Shown> shown = Optional.empty();
    private int hover = -1;

    ExposurePage(Composite parent, FleetWatch watch) {
        super(parent, SWT.NONE);
        query = new BackgroundQuery<>(
                this,
                watch.background(),
                this::order,
                order -> order.query(watch.fleet().traffic()),
                this::take);
        stack.marginWidth = MARGIN;
        stack.marginHeight = MARGIN;
        setLayout(stack);
        empty = new Label(this, SWT.WRAP);
        page = new Composite(this, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(3).margins(8, 4).applyTo(page);
        words = new Label(page, SWT.NONE);
        GridDataFactory.fillDefaults()
                .align(SWT.FILL, SWT.CENTER)
                .grab(true, false)
                .applyTo(words);
        var ranges = choice(ChartSpan.allWords(), Messages.Exposure_Range);
        ranges.addListener(SWT.Selection, event -> {
            span = ChartSpan.values()[ranges.getSelectionIndex()];
            query.ask();
        });
        var figures = choice(ExposureFigure.allWords(), ExposureFigure.choice());
        figures.addListener(SWT.Selection, event -> {
            figure = ExposureFigure.values()[figures.getSelectionIndex()];
            query.ask();
        });
        chart = new StackedChartCanvas(page, watch.background());
        GridDataFactory.fillDefaults().span(3, 1).grab(true, true).applyTo(chart);
        chart.onHover(this::hover);
        chart.getAccessible().addAccessibleListener(new AccessibleAdapter() {
            @Override
            public void getName(AccessibleEvent event) {
                event.result = words.getText();
            }
        });
        stack.topControl = empty;
        addListener(SWT.Settings, event -> query.ask());
    }

    private Combo choice(List<String> items, String name) {
        var combo = new Combo(page, SWT.READ_ONLY);
        combo.setItems(items.toArray(String[]::new));
        combo.select(0);
        combo.setToolTipText(name);
        AccessibleName.set(combo, name);
        return combo;
    }

    /** What is to be drawn. */
    private record Order(Vm vm, ChartSpan span, ExposureFigure figure, Palette palette) {

        Shown query(TrafficStore traffic) {
            var end = traffic.newestSecond();
            // whole spans only, so that a point does not change while time goes on
            var aligned = span.aligned(end);
            return new Shown(this, traffic.exposures(vm.name(), aligned, span.secondsPerBucket(), span.buckets()));
        }

        private Optional<StackedData.Limit> limit() {
            return figure.limit(vm.placement(), palette);
        }

        StackedChart chart() {
            return new StackedChart(palette, FONT_PIXELS, figure::value);
        }
    }

    /** What is drawn. */
    private record Shown(Order order, Exposures exposures) {

        StackedData data() {
            var known = values(order.figure::of, 0);
            var highest = Math.max(
                    order.limit().map(StackedData.Limit::value).orElse(0.0),
                    DoubleStream.of(known).max().orElse(0));
            var unknown = values(exposure -> 0, highest == 0 ? 1 : highest);
            return new StackedData(
                    exposures.startSecond() * 1_000,
                    exposures.secondsPerBucket() * 1_000L,
                    exposures.worst().size(),
                    List.of(
                            new StackedSeries(order.figure.words(), Alarm.NONE.color(order.palette), Hatch.NONE, known),
                            new StackedSeries(
                                    Messages.Exposure_Unknown,
                                    new ClassColors(order.palette).unused(),
                                    Hatch.RISING,
                                    unknown)),
                    order.limit());
        }

        private double[] values(ToDoubleFunction<Exposure> known, double unknown) {
            return exposures.worst().stream()
                    .mapToDouble(worst -> worst.map(known::applyAsDouble).orElse(unknown))
                    .toArray();
        }
    }

    void refresh(Vm newest) {
        vm = Optional.of(newest);
        query.ask();
    }

    private Optional<Order> order() {
        return vm.map(asked -> new Order(asked, span, figure, Palette.of(this)));
    }

    private void take(Shown newest) {
        if (shown.filter(newest::equals).isPresent()) {
            return;
        }
        shown = Optional.of(newest);
        var why = whyNothing(newest);
        set(empty, why);
        show(why.isEmpty() ? page : empty);
        if (why.isEmpty()) {
            chart.show(newest.order.chart(), newest.data());
            hover(hover);
        }
    }

    private void show(Control top) {
        if (stack.topControl != top) {
            stack.topControl = top;
            layout();
        }
    }

    private static String whyNothing(Shown newest) {
        var vm = newest.order.vm;
        if (newest.exposures.any() || vm.placement().writes() == Writes.BEHIND && !newest.exposures.unknown()) {
            return "";
        }
        return vm.placement().writes() == Writes.THROUGH
                ? NLS.bind(Messages.Exposure_Nothing, vm.name())
                : NLS.bind(Messages.Exposure_NotYet, vm.name());
    }

    private void hover(int index) {
        hover = index;
        shown.ifPresent(now -> {
            var worst = now.exposures.worst();
            var at = index < 0 || index >= worst.size() ? worst.size() - 1 : index;
            var second = now.exposures.startSecond() + (long) at * now.exposures.secondsPerBucket();
            var moment = index < 0 ? Messages.Exposure_Now : time.format(Instant.ofEpochSecond(second));
            var lost = worst.get(at).map(WritesWords::exposure).orElse(Messages.Exposure_Unknown);
            set(words, NLS.bind(Messages.Exposure_Words, new Object[] {moment, lost, promise(now.order.vm)}));
        });
    }

    private static String promise(Vm vm) {
        return vm.placement().writes() == Writes.BEHIND
                ? NLS.bind(
                        Messages.Exposure_Promised,
                        vm.placement().rpoSeconds(),
                        vm.placement().rpoMebibytes())
                : Messages.Exposure_NoBound;
    }

    private static void set(Label label, String text) {
        if (!text.equals(label.getText())) {
            label.setText(text);
        }
    }
}
