package org.triplel.ui.charts;

import org.eclipse.swt.widgets.Control;

/**
 * The colours of a drawing on a light or a dark ground. Hues are those of Okabe and Ito's set, which people with any common
 * colour vision can tell apart; drawings never tell things by colour alone.
 */
public enum Palette {
    LIGHT(0xffffff, 0x24292f, 0x6e7781, 0xe3e6e9),
    DARK(0x2f2f2f, 0xe6e6e6, 0x9da5ad, 0x46494c);

    private final Shade ground;
    private final Shade text;
    private final Shade faint;
    private final Shade line;

    Palette(int ground, int text, int faint, int line) {
        this.ground = Shade.of(ground);
        this.text = Shade.of(text);
        this.faint = Shade.of(faint);
        this.line = Shade.of(line);
    }

    /** The palette for a background of this colour. */
    public static Palette on(Shade background) {
        return background.brightness() < 128 ? DARK : LIGHT;
    }

    /** The palette for what is drawn on a control. */
    public static Palette of(Control control) {
        var background = control.getBackground();
        return on(new Shade(background.getRed(), background.getGreen(), background.getBlue()));
    }

    public Shade ground() {
        return ground;
    }

    public Shade text() {
        return text;
    }

    /** For axes and remarks. */
    public Shade faint() {
        return faint;
    }

    /** For grid lines and frames. */
    public Shade line() {
        return line;
    }

    Shade pick(int light, int dark) {
        return Shade.of(this == LIGHT ? light : dark);
    }
}
