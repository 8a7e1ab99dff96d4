package org.triplel.ui.charts;

import java.awt.Color;
import org.eclipse.swt.graphics.RGB;

/**
 * A colour, for AWT and SWT alike.
 *
 * @param red 0 to 255
 * @param green 0 to 255
 * @param blue 0 to 255
 */
public record Shade(int red, int green, int blue) {

    static Shade of(int rgb) {
        return new Shade(rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
    }

    public RGB rgb() {
        return new RGB(red, green, blue);
    }

    Color awt() {
        return new Color(red, green, blue);
    }

    /** This colour with {@code share} (0 to 1) of another mixed in. */
    public Shade mixed(Shade other, double share) {
        return new Shade(mix(red, other.red, share), mix(green, other.green, share), mix(blue, other.blue, share));
    }

    /** White, or black where this colour is so bright that white lines could not be seen on it. */
    Shade contrast() {
        return brightness() < 200 ? of(0xffffff) : of(0);
    }

    /** How bright it appears, 0 to 255. */
    double brightness() {
        return 0.299 * red + 0.587 * green + 0.114 * blue;
    }

    private static int mix(int from, int to, double share) {
        return (int) Math.round(from + (to - from) * share);
    }
}
