package org.triplel.ui.charts;

import java.awt.image.DataBufferInt;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.graphics.ImageData;
import org.eclipse.swt.graphics.ImageDataProvider;
import org.eclipse.swt.graphics.PaletteData;
import org.eclipse.swt.graphics.Point;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.widgets.Canvas;
import org.eclipse.swt.widgets.Composite;

/**
 * Shows a stacked chart. The chart is drawn by another thread; the UI thread only copies the finished image. While one
 * drawing is under way, newer data wait, and only the newest is drawn next.
 */
public final class StackedChartCanvas extends Canvas {

    private record Content(StackedChart chart, StackedData data) {}

    /** A chart to draw. */
    private record Order(Content content, int width, int height, double scale) {}

    private record Shown(Image image, Rectangle area, StackedData data) {}

    private final Executor painter;
    private Optional<Order> wanted = Optional.empty();
    private Optional<Shown> shown = Optional.empty();
    private boolean drawing;
    private int hover = -1;
    private IntConsumer onHover = index -> {};
    private Optional<Content> content = Optional.empty();

    /**
     * @param painter runs the drawing; not the UI thread
     */
    public StackedChartCanvas(Composite parent, Executor painter) {
        super(parent, SWT.DOUBLE_BUFFERED | SWT.NO_BACKGROUND);
        this.painter = painter;
        addPaintListener(event -> {
            shown.ifPresentOrElse(
                    now -> event.gc.drawImage(now.image, 0, 0), () -> event.gc.fillRectangle(getClientArea()));
            drawHover(event.gc);
        });
        addListener(SWT.Resize, event -> redrawChart());
        addListener(SWT.MouseMove, event -> hoverAt(event.x));
        addListener(SWT.MouseExit, event -> setHover(-1));
        addListener(SWT.Dispose, event -> shown.ifPresent(now -> now.image.dispose()));
    }

    /** Has {@code listener} told the index of the values under the pointer, or -1. */
    public void onHover(IntConsumer listener) {
        onHover = listener;
    }

    /** Shows data, drawn by {@code chart}. Must be called by the UI thread. */
    public void show(StackedChart chart, StackedData data) {
        content = Optional.of(new Content(chart, data));
        redrawChart();
    }

    /** What was drawn last. */
    public Optional<ImageData> imageData() {
        return shown.map(now -> now.image.getImageData(100));
    }

    /** Whether all that was given is drawn, so that a test knows when to look. */
    public boolean settled() {
        return !drawing && wanted.isEmpty() && shown.isPresent();
    }

    private void redrawChart() {
        var size = getSize();
        if (size.x < 1 || size.y < 1 || content.isEmpty()) {
            return;
        }
        wanted = Optional.of(new Order(
                content.get(), size.x, size.y, getDisplay().getPrimaryMonitor().getZoom() / 100.0));
        drawNext();
    }

    private void drawNext() {
        if (drawing || wanted.isEmpty()) {
            return;
        }
        var order = wanted.get();
        wanted = Optional.empty();
        drawing = true;
        var display = getDisplay();
        painter.execute(() -> {
            var drawn = order.content.chart.draw(order.content.data, order.width, order.height, order.scale);
            var pixels = pixels(drawn);
            if (!display.isDisposed()) {
                display.asyncExec(() -> take(order, drawn, pixels));
            }
        });
    }

    private static ImageData pixels(StackedChart.Drawing drawn) {
        var image = drawn.image();
        var pixels = new ImageData(image.getWidth(), image.getHeight(), 32, new PaletteData(0xff0000, 0xff00, 0xff));
        var raster = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
        for (var y = 0; y < image.getHeight(); y++) {
            pixels.setPixels(0, y, image.getWidth(), raster, y * image.getWidth());
        }
        return pixels;
    }

    private void take(Order order, StackedChart.Drawing drawn, ImageData pixels) {
        drawing = false;
        if (isDisposed()) {
            return;
        }
        shown.ifPresent(now -> now.image.dispose());
        var area = drawn.area();
        var zoom = (int) Math.round(order.scale * 100);
        var image = new Image(getDisplay(), (ImageDataProvider) asked -> asked == zoom ? pixels : null);
        shown = Optional.of(
                new Shown(image, new Rectangle(area.x, area.y, area.width, area.height), order.content.data));
        if (hover >= order.content.data.count()) {
            hover = -1;
        }
        onHover.accept(hover);
        redraw();
        drawNext();
    }

    private void hoverAt(int x) {
        shown.ifPresent(now -> {
            if (x < now.area.x || x > now.area.x + now.area.width || now.area.width < 1) {
                setHover(-1);
            } else {
                var share = (double) (x - now.area.x) / now.area.width;
                setHover((int) Math.round(share * (now.data.count() - 1)));
            }
        });
    }

    private void setHover(int index) {
        if (hover != index) {
            hover = index;
            onHover.accept(index);
            redraw();
        }
    }

    private void drawHover(GC gc) {
        shown.filter(now -> hover >= 0 && now.data.count() > 1).ifPresent(now -> {
            var x = now.area.x + Math.round((float) hover / (now.data.count() - 1) * now.area.width);
            gc.setForeground(getForeground());
            gc.setLineStyle(SWT.LINE_DOT);
            gc.drawLine(x, now.area.y, x, now.area.y + now.area.height);
        });
    }

    @Override
    public Point computeSize(int widthHint, int heightHint, boolean changed) {
        return new Point(widthHint == SWT.DEFAULT ? 320 : widthHint, heightHint == SWT.DEFAULT ? 120 : heightHint);
    }
}
