package org.triplel.ui.charts;

import java.util.List;

/**
 * What a stacked chart shows.
 *
 * @param startMillis when the first value's span starts, milliseconds since 1970
 * @param stepMillis how long each value's span is
 * @param count how many values each layer has, at least 1
 * @param layers from bottom to top
 */
public record StackedData(long startMillis, long stepMillis, int count, List<StackedSeries> layers) {

    /** All layers together at one moment. */
    public double total(int index) {
        return layers.stream().mapToDouble(layer -> layer.values()[index]).sum();
    }
}
