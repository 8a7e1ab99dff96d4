package org.triplel.ui.traffic;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.cluster.Amount;
import org.triplel.cluster.Buckets;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Shade;
import org.triplel.ui.charts.StackedData;
import org.triplel.ui.charts.StackedSeries;
import org.triplel.ui.charts.StackedSeries.Hatch;
import org.triplel.ui.charts.Units;

/** One class on one side, reads and writes together: a layer of the chart and a figure of its legend. */
record Layer(RequestClass requestClass, Side side) {

    /** From bottom to top: what the local disks serve, then what the NAS serves. */
    static List<Layer> all() {
        var layers = new ArrayList<Layer>();
        for (var side : Side.values()) {
            for (var requestClass : RequestClass.values()) {
                layers.add(new Layer(requestClass, side));
            }
        }
        return layers;
    }

    /** What is drawn. */
    enum Figure {
        THROUGHPUT(Amount::bytes, Units::rate),
        REQUESTS(Amount::requests, Units::iops);

        private final ToDoubleFunction<Amount> value;
        private final DoubleFunction<String> unit;

        Figure(ToDoubleFunction<Amount> value, DoubleFunction<String> unit) {
            this.value = value;
            this.unit = unit;
        }

        /** How a value per second is written. */
        DoubleFunction<String> unit() {
            return unit;
        }

        String words() {
            return switch (this) {
                case THROUGHPUT -> Messages.Traffic_Throughput;
                case REQUESTS -> Messages.Traffic_Requests;
            };
        }
    }

    static StackedData stack(Buckets buckets, Figure figure, ClassColors colors) {
        var layers = all().stream()
                .map(layer -> new StackedSeries(
                        layer.name(), layer.color(colors), layer.hatch(), layer.values(buckets, figure)))
                .toList();
        return new StackedData(
                buckets.startSecond() * 1000, buckets.secondsPerBucket() * 1000L, buckets.count(), layers);
    }

    private double[] values(Buckets buckets, Figure figure) {
        var values = new double[buckets.count()];
        for (var i = 0; i < values.length; i++) {
            var sum = buckets.sum(
                    i,
                    series -> series.requestClass() == requestClass
                            && series.side() == side
                            // a flush moves nothing, and waits for all sides
                            && (figure == Figure.REQUESTS || series.direction() != Direction.FLUSH));
            values[i] = figure.value.applyAsDouble(sum) / buckets.secondsPerBucket();
        }
        return values;
    }

    private String name() {
        return words(requestClass) + ", " + (side == Side.NAS ? Messages.Traffic_Nas : Messages.Traffic_Local);
    }

    Shade color(ClassColors colors) {
        return switch (requestClass) {
            case BASE -> colors.base();
            case BASE_COPY -> colors.baseCopy();
            case BASE_REWRITE -> colors.baseRewrite();
            case JOURNAL -> colors.journal();
            case SWAP -> colors.swap();
            case PRIVATE -> colors.own();
            case DRAIN -> colors.drain();
        };
    }

    /** The NAS is hatched; what is sent on to it in another way, as no guest waits for it. */
    Hatch hatch() {
        if (side == Side.LOCAL) {
            return Hatch.NONE;
        }
        return requestClass == RequestClass.DRAIN ? Hatch.FALLING : Hatch.RISING;
    }

    static String words(RequestClass requestClass) {
        return switch (requestClass) {
            case BASE -> Messages.Class_Base;
            case BASE_COPY -> Messages.Class_BaseCopy;
            case BASE_REWRITE -> Messages.Class_BaseRewrite;
            case JOURNAL -> Messages.Class_Journal;
            case SWAP -> Messages.Class_Swap;
            case PRIVATE -> Messages.Class_Private;
            case DRAIN -> Messages.Class_Drain;
        };
    }

    static String explanation(RequestClass requestClass) {
        return switch (requestClass) {
            case BASE -> Messages.Class_BaseExplained;
            case BASE_COPY -> Messages.Class_BaseCopyExplained;
            case BASE_REWRITE -> Messages.Class_BaseRewriteExplained;
            case JOURNAL -> Messages.Class_JournalExplained;
            case SWAP -> Messages.Class_SwapExplained;
            case PRIVATE -> Messages.Class_PrivateExplained;
            case DRAIN -> Messages.Class_DrainExplained;
        };
    }
}
