package org.triplel.ui.charts;

/**
 * A layer of a stacked chart.
 *
 * @param name what people read
 * @param color its colour
 * @param hatched whether it is drawn hatched, so that it can be told without its colour
 * @param values one for each moment, not negative
 */
public record StackedSeries(String name, Shade color, boolean hatched, double[] values) {}
