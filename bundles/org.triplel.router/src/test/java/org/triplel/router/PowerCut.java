package org.triplel.router;

import java.util.ArrayList;
import java.util.Random;
import org.triplel.router.Recording.Change;

/**
 * A loss of power of a device with a volatile cache. What a completed flush covers is there; of all else that had begun,
 * any sectors may be there, whatever the order in which they came.
 *
 * @param time on the recording's clock
 * @param seed says which sectors
 */
public record PowerCut(long time, Loss loss, long seed) {

    static final int SECTOR = 512;

    /** What of the changes that no flush covers is lost. */
    public enum Loss {
        NOTHING,
        ALL,
        /** What came last. */
        TAIL,
        /** What came first, although what came after it is there. */
        HEAD,
        /** Whole requests, here and there. */
        CHANGES,
        /** Requests are torn. */
        SECTORS,
        /** Zeroes and trims are late, whatever was written after them is there. */
        ZEROES,
        WRITES
    }

    private interface Choice {
        boolean keeps(int index, Change change);
    }

    public static PowerCut random(long time, Random random) {
        var losses = Loss.values();
        return new PowerCut(time, losses[random.nextInt(losses.length)], random.nextLong());
    }

    /** What the device holds afterwards, if it held {@code initial} before the recording began. */
    public byte[] survivors(byte[] initial, Recording recording) {
        byte[] image = initial.clone();
        long durable = recording.durableBefore(time);
        var pending = new ArrayList<Change>();
        for (var change : recording.changes()) {
            if (change.end() < durable) {
                System.arraycopy(change.content(), 0, image, change.offset(), change.content().length);
            } else if (change.begin() < time) {
                pending.add(change);
            }
        }
        var choice = choice(pending.size());
        for (int i = 0; i < pending.size(); i++) {
            keepSome(i, pending.get(i), choice, image);
        }
        return image;
    }

    private Choice choice(int count) {
        var random = new Random(seed);
        int border = random.nextInt(count + 1);
        double share = random.nextDouble();
        long whole = random.nextLong();
        return switch (loss) {
            case NOTHING -> (index, change) -> true;
            case ALL -> (index, change) -> false;
            case TAIL -> (index, change) -> index < border;
            case HEAD -> (index, change) -> index >= border;
            case CHANGES -> (index, change) -> new Random(whole + index * 0x9E3779B97F4A7C15L).nextDouble() < share;
            case SECTORS -> (index, change) -> random.nextDouble() < share;
            case ZEROES -> (index, change) -> !change.zeroes();
            case WRITES -> (index, change) -> change.zeroes();
        };
    }

    private static void keepSome(int index, Change change, Choice choice, byte[] image) {
        int end = change.offset() + change.content().length;
        for (int at = change.offset(); at < end; ) {
            int border = Math.min(end, (at / SECTOR + 1) * SECTOR);
            if (choice.keeps(index, change)) {
                System.arraycopy(change.content(), at - change.offset(), image, at, border - at);
            }
            at = border;
        }
    }
}
