package org.triplel.ui.charts;

import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * What a stacked chart shows.
 *
 * @param startMillis when the first value's span starts, milliseconds since 1970
 * @param stepMillis how long each value's span is
 * @param count how many values each layer has, at least 1
 * @param layers from bottom to top
 * @param limit drawn as a line over them, if there is one
 */
public record StackedData(
        long startMillis, long stepMillis, int count, List<StackedSeries> layers, Optional<Limit> limit) {

    /**
     * What the sum of all layers is not to exceed.
     *
     * @param name what people read
     */
    public record Limit(double value, String name, Shade color) {}

    /** Without a limit. */
    public StackedData(long startMillis, long stepMillis, int count, List<StackedSeries> layers) {
        this(startMillis, stepMillis, count, layers, Optional.empty());
    }

    /** Without layers of no height, which cost as much to draw as any other. */
    StackedData withoutEmptyLayers() {
        var seen = layers.stream()
                .filter(layer -> DoubleStream.of(layer.values()).anyMatch(value -> value > 0))
                .toList();
        return new StackedData(startMillis, stepMillis, count, seen, limit);
    }

    /** All layers together at one moment. */
    public double total(int index) {
        return layers.stream().mapToDouble(layer -> layer.values()[index]).sum();
    }
}
