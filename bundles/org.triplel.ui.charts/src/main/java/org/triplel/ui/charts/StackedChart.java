package org.triplel.ui.charts;

import java.awt.BasicStroke;
import java.awt.Font;
import java.awt.Paint;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.TexturePaint;
import java.awt.font.FontRenderContext;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.text.FieldPosition;
import java.text.NumberFormat;
import java.text.ParsePosition;
import java.text.SimpleDateFormat;
import java.util.function.DoubleFunction;
import org.jfree.chart.ChartRenderingInfo;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.DateAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.Marker;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.StackedXYAreaRenderer2;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.xy.DefaultTableXYDataset;
import org.jfree.data.xy.XYSeries;

/** Draws stacked areas over time into an image, off screen and on any thread. */
public final class StackedChart {

    private static final float HEADING_SIZE = 1.3f;
    private static final String LONGEST_LABEL = "5.50 kIOPS";
    private static final double LABEL_MARGIN = 8;
    private static final double ROOM_FOR_LABEL = 1.2;
    private static final BasicStroke LIMIT_STROKE =
            new BasicStroke(2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {6, 4}, 0);
    private static final FontRenderContext TEXT_METRICS = new FontRenderContext(null, true, false);

    private final Palette palette;
    private final Font font;
    private final DoubleFunction<String> unit;

    /**
     * @param palette the colours of ground and axes
     * @param fontPixels the height of the axes' labels
     * @param unit how a value is written at the axis
     */
    public StackedChart(Palette palette, int fontPixels, DoubleFunction<String> unit) {
        this.palette = palette;
        this.font = new Font(Font.SANS_SERIF, Font.PLAIN, fontPixels);
        this.unit = unit;
    }

    /**
     * A drawn chart.
     *
     * @param image its pixels
     * @param area where in it the data stand, in unscaled pixels
     */
    public record Drawing(BufferedImage image, Rectangle area) {}

    /**
     * Draws.
     *
     * @param width unscaled pixels, at least 1
     * @param height unscaled pixels, at least 1
     * @param scale device pixels for one unscaled pixel
     */
    public Drawing draw(StackedData data, int width, int height, double scale) {
        return draw(chart(data.withoutEmptyLayers()), width, height, scale);
    }

    /** Draws a picture that can be understood on its own: with a heading and a legend. */
    public BufferedImage picture(StackedData data, String heading, int width, int height) {
        var chart = chart(data);
        var title = new TextTitle(heading, font.deriveFont(Font.BOLD, font.getSize2D() * HEADING_SIZE));
        title.setPaint(palette.text().awt());
        title.setPadding(new RectangleInsets(10, 10, 6, 10));
        chart.setTitle(title);
        var legend = new LegendTitle(chart.getPlot());
        legend.setItemFont(font);
        legend.setItemPaint(palette.text().awt());
        legend.setBackgroundPaint(palette.ground().awt());
        legend.setPadding(new RectangleInsets(6, 10, 8, 10));
        legend.setPosition(RectangleEdge.BOTTOM);
        chart.addLegend(legend);
        return draw(chart, width, height, 1).image;
    }

    private static Drawing draw(JFreeChart chart, int width, int height, double scale) {
        var image = new BufferedImage(
                (int) Math.ceil(width * scale), (int) Math.ceil(height * scale), BufferedImage.TYPE_INT_RGB);
        var info = new ChartRenderingInfo();
        var graphics = image.createGraphics();
        try {
            graphics.scale(scale, scale);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            chart.draw(graphics, new Rectangle2D.Double(0, 0, width, height), info);
        } finally {
            graphics.dispose();
        }
        return new Drawing(image, info.getPlotInfo().getDataArea().getBounds());
    }

    private JFreeChart chart(StackedData data) {
        var dataset = new DefaultTableXYDataset();
        var renderer = new StackedXYAreaRenderer2();
        for (var layer : data.layers()) {
            var series = new XYSeries(layer.name(), false, false);
            for (var i = 0; i < data.count(); i++) {
                series.add(data.startMillis() + data.stepMillis() * (i + 0.5), layer.values()[i], false);
            }
            renderer.setSeriesPaint(dataset.getSeriesCount(), paint(layer));
            dataset.addSeries(series);
        }
        var plot = new XYPlot(dataset, time(data), values(data), renderer);
        plot.setBackgroundPaint(palette.ground().awt());
        plot.setOutlineVisible(false);
        plot.setDomainGridlinesVisible(false);
        plot.setRangeGridlinesVisible(plot.getRangeAxis().isTickLabelsVisible());
        plot.setRangeGridlinePaint(palette.line().awt());
        plot.setRangeGridlineStroke(new BasicStroke(1));
        data.limit().ifPresent(limit -> plot.addRangeMarker(marker(limit)));
        plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
        plot.setInsets(new RectangleInsets(6, 4, 2, 28));
        var chart = new JFreeChart(null, font, plot, false);
        chart.setBackgroundPaint(palette.ground().awt());
        chart.setPadding(RectangleInsets.ZERO_INSETS);
        return chart;
    }

    /** A dashed line, so that it is not taken for one of the grid. */
    private Marker marker(StackedData.Limit limit) {
        var marker = new ValueMarker(limit.value(), limit.color().awt(), LIMIT_STROKE);
        marker.setAlpha(1);
        marker.setLabel(limit.name());
        marker.setLabelFont(font);
        marker.setLabelPaint(limit.color().awt());
        marker.setLabelBackgroundColor(palette.ground().awt());
        marker.setLabelAnchor(RectangleAnchor.TOP_LEFT);
        marker.setLabelTextAnchor(TextAnchor.BOTTOM_LEFT);
        marker.setLabelOffset(new RectangleInsets(3, 6, 3, 6));
        return marker;
    }

    private Paint paint(StackedSeries layer) {
        var color = layer.color().awt();
        if (layer.hatch() == StackedSeries.Hatch.NONE) {
            return color;
        }
        var tile = new BufferedImage(6, 6, BufferedImage.TYPE_INT_RGB);
        var graphics = tile.createGraphics();
        graphics.setColor(color);
        graphics.fillRect(0, 0, 6, 6);
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setColor(layer.color().mixed(palette.ground(), 0.55).awt());
        graphics.setStroke(new BasicStroke(1.4f));
        if (layer.hatch() == StackedSeries.Hatch.FALLING) {
            graphics.translate(6, 0);
            graphics.scale(-1, 1);
        }
        graphics.drawLine(-1, 7, 7, -1);
        graphics.drawLine(-4, 4, 4, -4);
        graphics.drawLine(2, 10, 10, 2);
        graphics.dispose();
        return new TexturePaint(tile, new Rectangle2D.Double(0, 0, 6, 6));
    }

    private DateAxis time(StackedData data) {
        var axis = new DateAxis();
        axis.setRange(
                data.startMillis() + data.stepMillis() / 2.0,
                Math.max(
                        data.startMillis() + data.stepMillis() * (data.count() - 0.5),
                        data.startMillis() + data.stepMillis() / 2.0 + 1));
        var seconds = data.stepMillis() * data.count() <= 120_000;
        axis.setDateFormatOverride(new SimpleDateFormat(seconds ? "HH:mm:ss" : "HH:mm"));
        axis.setTickLabelFont(font);
        axis.setTickLabelPaint(palette.faint().awt());
        axis.setTickMarkPaint(palette.line().awt());
        axis.setAxisLinePaint(palette.line().awt());
        axis.setLowerMargin(0);
        axis.setUpperMargin(0);
        return axis;
    }

    private NumberAxis values(StackedData data) {
        var highest = data.limit().map(StackedData.Limit::value).orElse(0.0);
        for (var i = 0; i < data.count(); i++) {
            highest = Math.max(highest, data.total(i));
        }
        var axis = new NumberAxis();
        axis.setRange(0, highest == 0 ? 1 : highest * (data.limit().isPresent() ? ROOM_FOR_LABEL : 1.08));
        axis.setTickLabelsVisible(highest > 0);
        axis.setNumberFormatOverride(new UnitFormat(unit));
        axis.setTickLabelFont(font);
        axis.setTickLabelPaint(palette.faint().awt());
        axis.setTickMarksVisible(false);
        axis.setAxisLineVisible(false);
        // as wide as the longest label may get, so that the areas do not jump when the scale changes
        axis.setFixedDimension(font.getStringBounds(LONGEST_LABEL, TEXT_METRICS).getWidth() + LABEL_MARGIN);
        return axis;
    }

    private static final class UnitFormat extends NumberFormat {

        private static final long serialVersionUID = 1L;

        private final transient DoubleFunction<String> unit;

        UnitFormat(DoubleFunction<String> unit) {
            this.unit = unit;
        }

        @Override
        public StringBuffer format(double number, StringBuffer out, FieldPosition position) {
            return out.append(number == 0 ? "0" : unit.apply(number));
        }

        @Override
        public StringBuffer format(long number, StringBuffer out, FieldPosition position) {
            return format((double) number, out, position);
        }

        @Override
        public Number parse(String source, ParsePosition position) {
            throw new UnsupportedOperationException();
        }
    }
}
