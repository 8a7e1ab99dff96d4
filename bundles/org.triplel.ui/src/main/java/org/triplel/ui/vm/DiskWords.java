package org.triplel.ui.vm;

import java.util.Comparator;
import java.util.Optional;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.DiskMap;
import org.triplel.ui.charts.Units;

/** What is known of a disk in words. */
record DiskWords(DiskMap map) {

    /** How much of the disk is of a kind, and where that lives. */
    String share(DiskMap.Kind kind) {
        var bytes = 0L;
        var local = 0L;
        for (var range : map.ranges()) {
            if (range.kind() == kind) {
                bytes += range.length();
                local += range.localBytes();
            }
        }
        var text = NLS.bind(
                Messages.Disk_Share,
                new Object[] {Kinds.words(kind), Units.percent((double) bytes / map.bytes()), Units.bytes(bytes)});
        return bytes == 0 ? text : text + local(kind, bytes, local);
    }

    private static String local(DiskMap.Kind kind, long bytes, long local) {
        return switch (kind) {
            case BASE -> NLS.bind(Messages.Disk_ShareLocal, Units.percent((double) local / bytes));
            // swap that the guest has not used yet lies nowhere: a share of all would look like a failure
            case SWAP ->
                local == 0 ? Messages.Disk_ShareSwapNone : NLS.bind(Messages.Disk_ShareSwap, Units.bytes(local));
            case REWRITTEN, PRIVATE, UNUSED, JOURNAL -> "";
        };
    }

    /** A range: from where to where, what it is, where it lives, and how that is known. */
    String range(long offset, long length, DiskMap.Kind kind, boolean local) {
        var from = Units.bytes(offset).replace(Units.NONE, "0 B");
        var to = Units.bytes((double) offset + length);
        var where = where(kind, local);
        var words = where.isEmpty()
                ? NLS.bind(Messages.Disk_Range, new Object[] {from, to, Kinds.words(kind)})
                : NLS.bind(Messages.Disk_RangeAt, new Object[] {from, to, Kinds.words(kind), where});
        var split = kind == DiskMap.Kind.JOURNAL || kind == DiskMap.Kind.SWAP;
        return reason(offset, length, split)
                .map(reason -> NLS.bind(split ? Messages.Disk_Known : Messages.Disk_NotKnown, words, reason))
                .orElse(words);
    }

    private static String where(DiskMap.Kind kind, boolean local) {
        if (local) {
            return Messages.Disk_OnHost;
        }
        return switch (kind) {
            case BASE, REWRITTEN, PRIVATE, JOURNAL -> Messages.Disk_OnNas;
            case SWAP -> Messages.Disk_OnNasOrUnwritten;
            case UNUSED -> "";
        };
    }

    /** Of several notes, that on most of the range. */
    private Optional<String> reason(long offset, long length, boolean split) {
        return map.notes().stream()
                .filter(note -> note.split() == split && overlap(note, offset, length) > 0)
                .max(Comparator.comparingLong(note -> overlap(note, offset, length)))
                .map(DiskMap.Note::reason);
    }

    private static long overlap(DiskMap.Note note, long offset, long length) {
        return Math.min(note.offset() + note.length(), offset + length) - Math.max(note.offset(), offset);
    }
}
