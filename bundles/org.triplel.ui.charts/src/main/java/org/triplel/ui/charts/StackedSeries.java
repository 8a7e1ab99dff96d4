package org.triplel.ui.charts;

/**
 * A layer of a stacked chart.
 *
 * @param name what people read
 * @param color its colour
 * @param hatch drawn over its colour, so that it can be told without that
 * @param values one for each moment, not negative
 */
public record StackedSeries(String name, Shade color, Hatch hatch, double[] values) {

    /** Lines over a colour, as they go from left to right. */
    public enum Hatch {
        NONE,
        RISING,
        FALLING
    }
}
