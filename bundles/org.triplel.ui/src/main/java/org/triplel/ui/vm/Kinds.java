package org.triplel.ui.vm;

import org.triplel.agent.api.DiskMap;

/** The kinds of ranges in words. */
final class Kinds {

    private Kinds() {}

    static String words(DiskMap.Kind kind) {
        return switch (kind) {
            case BASE -> Messages.Kind_Base;
            case REWRITTEN -> Messages.Kind_Rewritten;
            case PRIVATE -> Messages.Kind_Private;
            case UNUSED -> Messages.Kind_Unused;
        };
    }
}
