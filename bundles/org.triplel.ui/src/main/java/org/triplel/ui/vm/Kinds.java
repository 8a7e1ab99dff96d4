package org.triplel.ui.vm;

import java.util.List;
import org.triplel.agent.api.DiskMap;

/** The kinds of ranges in words. */
final class Kinds {

    /** In the order of legends: what is there before what is not. */
    static final List<DiskMap.Kind> ORDER = List.of(
            DiskMap.Kind.BASE,
            DiskMap.Kind.REWRITTEN,
            DiskMap.Kind.PRIVATE,
            DiskMap.Kind.JOURNAL,
            DiskMap.Kind.SWAP,
            DiskMap.Kind.UNUSED);

    private Kinds() {}

    static String words(DiskMap.Kind kind) {
        return switch (kind) {
            case BASE -> Messages.Kind_Base;
            case REWRITTEN -> Messages.Kind_Rewritten;
            case PRIVATE -> Messages.Kind_Private;
            case UNUSED -> Messages.Kind_Unused;
            case JOURNAL -> Messages.Kind_Journal;
            case SWAP -> Messages.Kind_Swap;
        };
    }

    /** Whether ranges of this kind can be on the host as well as on the NAS. */
    static boolean onEitherSide(DiskMap.Kind kind) {
        return kind == DiskMap.Kind.BASE || kind == DiskMap.Kind.SWAP;
    }
}
