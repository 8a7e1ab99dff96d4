package org.triplel.ui.charts;

/** One colour for each class of requests and each side, the same in every drawing. */
public final class ClassColors {

    private final Palette palette;

    public ClassColors(Palette palette) {
        this.palette = palette;
    }

    /** Blocks that only the base image holds. */
    public Shade base() {
        return palette.pick(0x0072b2, 0x4fa3d9);
    }

    /** Blocks of the base image that are read to copy them on write. */
    public Shade baseCopy() {
        return palette.pick(0x56b4e9, 0x8fd0f5);
    }

    /** Blocks of the base image that the guest writes over. */
    public Shade baseRewrite() {
        return palette.pick(0xcc79a7, 0xdf9cc2);
    }

    /** Blocks that only the guest has written. */
    public Shade own() {
        return palette.pick(0xe69f00, 0xf2b632);
    }

    /** The journals of the guest's file systems. */
    public Shade journal() {
        return palette.pick(0x7a4a1e, 0x96602c);
    }

    /** The guest's swap areas. */
    public Shade swap() {
        return palette.pick(0x3b4046, 0xe6e6e6);
    }

    /** What was written behind, on its way to the NAS. */
    public Shade drain() {
        return palette.pick(0x6b4fa0, 0xb39ddb);
    }

    /** What the host's own disk serves. */
    public Shade local() {
        return palette.pick(0x009e73, 0x2fc397);
    }

    /** What the NAS serves. */
    public Shade nas() {
        return palette.pick(0xd55e00, 0xf08036);
    }

    /** Where nothing is. */
    public Shade unused() {
        return palette.pick(0xeceef0, 0x3f4245);
    }
}
