package org.triplel.ui.charts;

import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.Color;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Rectangle;

/** Paints small pictures into table cells. */
public final class Sparkline {

    private final ClassColors colors;
    private final Palette palette;

    public Sparkline(Palette palette) {
        this.palette = palette;
        this.colors = new ClassColors(palette);
    }

    /**
     * Draws a column per value: what came from the local disk below, what came from the NAS above it.
     *
     * @param local one for each moment
     * @param nas one for each moment
     */
    public void traffic(GC gc, Rectangle area, double[] local, double[] nas) {
        var highest = 0.0;
        for (var i = 0; i < local.length; i++) {
            highest = Math.max(highest, local[i] + nas[i]);
        }
        gc.setForeground(new Color(palette.line().rgb()));
        gc.drawLine(area.x, area.y + area.height - 1, area.x + area.width - 1, area.y + area.height - 1);
        if (highest == 0) {
            return;
        }
        for (var i = 0; i < local.length; i++) {
            var x = area.x + i * area.width / local.length;
            var width = Math.max(1, area.x + (i + 1) * area.width / local.length - x);
            var below = height(local[i], highest, area);
            var above = height(local[i] + nas[i], highest, area) - below;
            gc.setBackground(new Color(colors.local().rgb()));
            gc.fillRectangle(x, area.y + area.height - below, width, below);
            gc.setBackground(new Color(colors.nas().rgb()));
            gc.fillRectangle(x, area.y + area.height - below - above, width, above);
        }
    }

    private static int height(double value, double highest, Rectangle area) {
        return value == 0 ? 0 : Math.max(1, (int) Math.round(value / highest * area.height));
    }

    /** Draws a gauge of how much of a limit is used, with a mark at its half. */
    public void limit(GC gc, Rectangle area, double share) {
        share(
                gc,
                area,
                share > 0 ? Math.max(share, 1.0 / area.width) : 0,
                Alarm.of(share).color(palette));
        gc.setForeground(new Color(palette.faint().rgb()));
        gc.drawLine(area.x + area.width / 2, area.y - 1, area.x + area.width / 2, area.y + area.height);
    }

    /** Draws a gauge that is filled to {@code share} (0 to 1) from the left. */
    public void share(GC gc, Rectangle area, double share, Shade color) {
        gc.setAntialias(SWT.ON);
        gc.setBackground(new Color(colors.unused().rgb()));
        gc.fillRectangle(area);
        gc.setBackground(new Color(color.rgb()));
        gc.fillRectangle(area.x, area.y, (int) Math.round(area.width * Math.clamp(share, 0, 1)), area.height);
    }
}
