package org.triplel.ui.vm;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.accessibility.AccessibleAdapter;
import org.eclipse.swt.accessibility.AccessibleEvent;
import org.eclipse.swt.widgets.Combo;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.cluster.Buckets;
import org.triplel.cluster.TrafficScope;
import org.triplel.cluster.TrafficStore;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.BackgroundQuery;
import org.triplel.ui.ChartSpan;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedChart;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.charts.StackedData;
import org.triplel.ui.charts.StackedSeries;
import org.triplel.ui.charts.StackedSeries.Hatch;
import org.triplel.ui.charts.Units;

/** How fast a VM swaps, over time; what crosses to the NAS is hatched, as in the traffic. */
final class SwapChart extends Composite {

    private static final int FONT_PIXELS = 11;

    private final StackedChartCanvas canvas;
    private final BackgroundQuery<Order, Shown> query;
    private ChartSpan span = ChartSpan.MINUTE;
    private String vm = "";
    private Optional<Shown> shown = Optional.empty();

    SwapChart(Composite parent, FleetWatch watch) {
        super(parent, SWT.NONE);
        query = new BackgroundQuery<>(
                this,
                watch.background(),
                this::order,
                order -> order.query(watch.fleet().traffic()),
                this::take);
        GridLayoutFactory.fillDefaults().numColumns(2).applyTo(this);
        var title = new Label(this, SWT.NONE);
        title.setText(Messages.Memory_Chart);
        GridDataFactory.fillDefaults()
                .align(SWT.FILL, SWT.CENTER)
                .grab(true, false)
                .applyTo(title);
        var ranges = new Combo(this, SWT.READ_ONLY);
        ranges.setItems(ChartSpan.allWords().toArray(String[]::new));
        ranges.select(0);
        ranges.setToolTipText(Messages.Exposure_Range);
        AccessibleName.set(ranges, Messages.Exposure_Range);
        ranges.addListener(SWT.Selection, event -> {
            span = ChartSpan.values()[ranges.getSelectionIndex()];
            query.ask();
        });
        canvas = new StackedChartCanvas(this, watch.background());
        GridDataFactory.fillDefaults().span(2, 1).grab(true, true).applyTo(canvas);
        canvas.getAccessible().addAccessibleListener(new AccessibleAdapter() {
            @Override
            public void getName(AccessibleEvent event) {
                event.result = title.getText();
            }
        });
        addListener(SWT.Settings, event -> query.ask());
    }

    /** What is to be drawn. */
    private record Order(String vm, ChartSpan span, Palette palette) {

        Shown query(TrafficStore traffic) {
            var scope = new TrafficScope.Vms(new TreeSet<>(List.of(vm)));
            // whole spans only, so that a point does not change while time goes on
            var end = span.aligned(traffic.newestSecond());
            return new Shown(this, traffic.query(scope, end, span.secondsPerBucket(), span.buckets()));
        }

        StackedChart chart() {
            return new StackedChart(palette, FONT_PIXELS, Units::rate);
        }
    }

    /** What is drawn. */
    private record Shown(Order order, Buckets buckets) {

        StackedData data() {
            var color = new ClassColors(order.palette).swap();
            return new StackedData(
                    buckets.startSecond() * 1_000,
                    buckets.secondsPerBucket() * 1_000L,
                    buckets.count(),
                    List.of(
                            new StackedSeries(Messages.Memory_SwapLocal, color, Hatch.NONE, values(Side.LOCAL)),
                            new StackedSeries(Messages.Memory_SwapNas, color, Hatch.RISING, values(Side.NAS))));
        }

        private double[] values(Side side) {
            var values = new double[buckets.count()];
            for (var i = 0; i < values.length; i++) {
                var sum = buckets.sum(
                        i,
                        series -> series.requestClass() == RequestClass.SWAP
                                && series.direction() != Direction.FLUSH
                                && series.side() == side);
                values[i] = (double) sum.bytes() / buckets.secondsPerBucket();
            }
            return values;
        }
    }

    void refresh(String newest) {
        vm = newest;
        query.ask();
    }

    private Optional<Order> order() {
        return vm.isEmpty() ? Optional.empty() : Optional.of(new Order(vm, span, Palette.of(this)));
    }

    private void take(Shown newest) {
        if (shown.filter(newest::equals).isEmpty()) {
            shown = Optional.of(newest);
            canvas.show(newest.order.chart(), newest.data());
        }
    }
}
