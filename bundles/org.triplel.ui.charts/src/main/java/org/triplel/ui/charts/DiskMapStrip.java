package org.triplel.ui.charts;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.Color;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Point;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.widgets.Canvas;
import org.eclipse.swt.widgets.Composite;

/**
 * A disk as a strip of ranges.
 *
 * @param <R> what a range is
 */
public final class DiskMapStrip<R> extends Canvas {

    private static final int HEIGHT = 64;

    /**
     * How a range looks.
     *
     * @param color its ground
     * @param patterns drawn over it one after the other, so that it can be told without its colour
     */
    public record Look(Shade color, List<Pattern> patterns) {}

    /** What is drawn over a colour. */
    public enum Pattern {
        RISING,
        FALLING,
        LEVEL,
        UPRIGHT,
        DOTS
    }

    private final Function<R, Look> looks;
    private Optional<DiskMapLayout<R>> layout = Optional.empty();
    private Consumer<Optional<DiskMapLayout.Span<R>>> onHover = span -> {};
    private int pointer = -1;

    public DiskMapStrip(Composite parent, Function<R, Look> looks) {
        super(parent, SWT.DOUBLE_BUFFERED);
        this.looks = looks;
        addPaintListener(event -> paint(event.gc));
        addListener(SWT.MouseMove, event -> hover(event.x));
        addListener(SWT.MouseExit, event -> hover(-1));
    }

    /** Has {@code listener} told what is under the pointer. */
    public void onHover(Consumer<Optional<DiskMapLayout.Span<R>>> listener) {
        onHover = listener;
    }

    /** Shows a disk. */
    public void show(DiskMapLayout<R> newest) {
        layout = Optional.of(newest);
        hover(pointer);
        redraw();
    }

    private void hover(int x) {
        pointer = x;
        onHover.accept(layout.flatMap(disk -> disk.spanAt(x - 1, width())));
        redraw();
    }

    private int width() {
        return Math.max(1, getClientArea().width - 2);
    }

    private void paint(GC gc) {
        var area = getClientArea();
        layout.ifPresent(disk -> {
            for (var block : disk.blocks(width())) {
                paint(gc, looks.apply(block.range()), new Rectangle(block.x() + 1, 1, block.width(), area.height - 2));
            }
        });
        gc.setForeground(getForeground());
        gc.setAlpha(90);
        gc.drawRectangle(0, 0, area.width - 1, area.height - 1);
        gc.setAlpha(255);
        if (pointer >= 1 && layout.isPresent()) {
            gc.drawLine(pointer, 0, pointer, area.height);
        }
    }

    /** Paints a range's look into {@code area}; for legends, too. */
    public static void paint(GC gc, Look look, Rectangle area) {
        gc.setBackground(new Color(look.color.rgb()));
        gc.fillRectangle(area);
        gc.setClipping(area);
        gc.setForeground(new Color(look.color.mixed(look.color.contrast(), 0.65).rgb()));
        for (var pattern : look.patterns) {
            switch (pattern) {
                case RISING -> paintLines(gc, area, true);
                case FALLING -> paintLines(gc, area, false);
                case LEVEL -> paintLevels(gc, area);
                case UPRIGHT -> paintUprights(gc, area);
                case DOTS -> paintDots(gc, area);
            }
        }
        gc.setClipping((Rectangle) null);
    }

    private static void paintLevels(GC gc, Rectangle area) {
        for (var y = area.y + 3; y < area.y + area.height; y += 7) {
            gc.drawLine(area.x, y, area.x + area.width, y);
        }
    }

    private static void paintUprights(GC gc, Rectangle area) {
        for (var x = area.x - area.x % 6; x < area.x + area.width; x += 6) {
            gc.drawLine(x, area.y, x, area.y + area.height);
        }
    }

    private static void paintDots(GC gc, Rectangle area) {
        gc.setBackground(gc.getForeground());
        for (var y = area.y + 3; y < area.y + area.height; y += 7) {
            for (var x = area.x - area.x % 7; x < area.x + area.width; x += 7) {
                gc.fillRectangle(x, y, 2, 2);
            }
        }
    }

    private static void paintLines(GC gc, Rectangle area, boolean rising) {
        // aligned to the strip, not to the block: the pattern does not shift from block to block
        var start = area.x - area.x % 8 - area.height - area.height % 8;
        for (var x = start; x < area.x + area.width; x += 8) {
            if (rising) {
                gc.drawLine(x, area.y + area.height, x + area.height, area.y);
            } else {
                gc.drawLine(x, area.y, x + area.height, area.y + area.height);
            }
        }
    }

    @Override
    public Point computeSize(int widthHint, int heightHint, boolean changed) {
        return new Point(widthHint == SWT.DEFAULT ? 400 : widthHint, heightHint == SWT.DEFAULT ? HEIGHT : heightHint);
    }
}
