package org.triplel.ui.charts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.triplel.ui.charts.StackedSeries.Hatch;

class StackedChartTest {

    private static final Shade RED = new Shade(200, 10, 10);
    private static final Shade BLUE = new Shade(10, 10, 200);

    private static StackedChart.Drawing draw(StackedSeries... layers) {
        return new StackedChart(Palette.LIGHT, 11, Units::rate)
                .draw(new StackedData(0, 1_000, layers[0].values().length, List.of(layers)), 400, 200, 1);
    }

    private static int rgb(Shade shade) {
        return shade.red() << 16 | shade.green() << 8 | shade.blue();
    }

    private static long count(StackedChart.Drawing drawing, Shade shade) {
        var image = drawing.image();
        return Arrays.stream(image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth()))
                .filter(pixel -> (pixel & 0xffffff) == rgb(shade))
                .count();
    }

    @Test
    void areasAreInProportion() {
        var low = new StackedSeries("low", RED, Hatch.NONE, new double[] {10, 10, 10, 10});
        var high = new StackedSeries("high", BLUE, Hatch.NONE, new double[] {30, 30, 30, 30});
        var drawing = draw(low, high);
        var ratio = (double) count(drawing, BLUE) / count(drawing, RED);
        assertEquals(3, ratio, 0.2);
    }

    @Test
    void layersAreStackedFromTheBottom() {
        var drawing = draw(
                new StackedSeries("low", RED, Hatch.NONE, new double[] {10, 10}),
                new StackedSeries("high", BLUE, Hatch.NONE, new double[] {10, 10}));
        var area = drawing.area();
        var x = area.x + area.width / 2;
        assertEquals(rgb(RED), drawing.image().getRGB(x, area.y + area.height - 5) & 0xffffff);
        assertEquals(rgb(BLUE), drawing.image().getRGB(x, area.y + area.height / 3) & 0xffffff);
    }

    @Test
    void limitIsALineThatIsInViewAlsoAboveAllValues() {
        var low = new StackedSeries("low", RED, Hatch.NONE, new double[] {10, 10, 10, 10});
        var limit = new StackedData.Limit(40, "at most", BLUE);
        var drawing = new StackedChart(Palette.LIGHT, 11, Units::rate)
                .draw(new StackedData(0, 1_000, 4, List.of(low), Optional.of(limit)), 400, 200, 1);
        var area = drawing.area();
        var x = area.x + area.width - 40;
        var ys = IntStream.range(area.y, area.y + area.height)
                .filter(y -> IntStream.range(x, x + 20)
                        .anyMatch(at -> (drawing.image().getRGB(at, y) & 0xffffff) == rgb(BLUE)))
                .toArray();
        assertTrue(ys.length > 0 && ys.length < 4, () -> Arrays.toString(ys));
        var share = (double) (area.y + area.height - ys[0]) / area.height;
        assertEquals(40 / 48.0, share, 0.03);
        assertEquals(rgb(RED), drawing.image().getRGB(x, area.y + area.height - 5) & 0xffffff);
    }

    @Test
    void nothingIsDrawnWhereNothingIs() {
        var drawing = draw(new StackedSeries("low", RED, Hatch.NONE, new double[] {0, 0, 0}));
        assertEquals(0, count(drawing, RED));
        assertTrue(drawing.area().width > 250, () -> "the data area is " + drawing.area());
    }

    @Test
    void pictureSaysWhatItShows() {
        var data =
                new StackedData(0, 1_000, 2, List.of(new StackedSeries("low", RED, Hatch.NONE, new double[] {0, 0})));
        var chart = new StackedChart(Palette.LIGHT, 11, Units::rate);
        var bare = chart.draw(data, 400, 200, 1).image();
        var picture = chart.picture(data, "A heading", 400, 200);
        assertEquals(0, count(new StackedChart.Drawing(bare, null), RED));
        assertTrue(count(new StackedChart.Drawing(picture, null), RED) > 20, "the legend lacks the layer's colour");
        assertTrue(inkAtTop(picture) > inkAtTop(bare) + 50, "there is no heading");
    }

    private static long inkAtTop(BufferedImage image) {
        return Arrays.stream(image.getRGB(0, 0, image.getWidth(), 30, null, 0, image.getWidth()))
                .filter(pixel -> (pixel & 0xffffff) != 0xffffff)
                .count();
    }

    @Test
    void scaleMakesMorePixels() {
        var data = new StackedData(0, 1_000, 1, List.of());
        var image = new StackedChart(Palette.DARK, 11, Units::rate)
                .draw(data, 300, 100, 1.5)
                .image();
        assertEquals(450, image.getWidth());
        assertEquals(150, image.getHeight());
    }
}
