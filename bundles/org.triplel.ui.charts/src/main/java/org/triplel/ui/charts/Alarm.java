package org.triplel.ui.charts;

/** How much a figure that has a limit is to be worried about. */
public enum Alarm {
    /** At most half of the limit. */
    NONE,
    /** More than half of it. */
    WARNING,
    /** The limit is reached. */
    ERROR;

    private static final double HALF = 0.5;

    /** @param share of the limit; 1 is all of it */
    public static Alarm of(double share) {
        if (share >= 1) {
            return ERROR;
        }
        return share > HALF ? WARNING : NONE;
    }

    /** Its colour. */
    public Shade color(Palette palette) {
        return switch (this) {
            case NONE -> palette.pick(0x57748f, 0x8fa9c2);
            case WARNING -> palette.pick(0xe0900f, 0xf2b632);
            case ERROR -> palette.pick(0xc62828, 0xff6b6b);
        };
    }
}
