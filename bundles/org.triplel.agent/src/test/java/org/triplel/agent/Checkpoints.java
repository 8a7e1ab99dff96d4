package org.triplel.agent;

import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.triplel.guest.Journal;
import org.triplel.guest.Range;
import org.triplel.router.Recording;
import org.triplel.router.Recording.Change;

/**
 * How far a guest's kernel has written in place, and flushed, what it had committed to its journal (jbd2, blocks of 4 KiB):
 * it says so in the journal's superblock, as the oldest transaction that is still needed.
 */
record Checkpoints(Journal journal, List<Block> superblocks, List<Block> commits) {

    private static final int BLOCK = 4096;
    private static final int MAGIC = 0xC03B3998;
    private static final int COMMIT = 2;
    private static final int SUPERBLOCK = 4;
    private static final int TYPE_AT = 4;
    private static final int COMMITTED_AT = 8;
    private static final int OLDEST_AT = 0x18;

    /**
     * A block that was written to the journal.
     *
     * @param time when that began
     */
    private record Block(long time, int place, ByteBuffer content) {

        boolean is(int type) {
            return content.getInt(0) == MAGIC && content.getInt(TYPE_AT) == type;
        }

        boolean lies(List<Range> places) {
            return places.stream().anyMatch(each -> each.start() <= place && place < each.end());
        }
    }

    /** @param guest what it asked of its disk */
    static Checkpoints of(Journal journal, Recording guest) {
        var blocks = guest.changes().stream().flatMap(Checkpoints::blocks).toList();
        return new Checkpoints(
                journal,
                blocks.stream()
                        .filter(block -> block.is(SUPERBLOCK) && block.lies(List.of(journal.superblock())))
                        .toList(),
                blocks.stream()
                        .filter(block -> block.is(COMMIT) && block.lies(journal.area()))
                        .toList());
    }

    private static Stream<Block> blocks(Change change) {
        int first = Math.ceilDiv(change.offset(), BLOCK);
        int end = (change.offset() + change.content().length) / BLOCK;
        return IntStream.range(first, end).mapToObj(number -> {
            int place = number * BLOCK;
            var content = ByteBuffer.wrap(change.content(), place - change.offset(), BLOCK);
            return new Block(change.begin(), place, content.slice());
        });
    }

    /** What was durable before the moment returned needs no journal after a power cut at {@code time}; 0 if nothing is known. */
    long last(long time) {
        var newest = superblocks.stream().filter(block -> block.time < time).max(Comparator.comparingLong(Block::time));
        if (newest.isEmpty()) {
            return 0;
        }
        int oldest = newest.get().content.getInt(OLDEST_AT);
        return commits.stream()
                .filter(block -> block.time < time && block.content.getInt(COMMITTED_AT) == oldest)
                .mapToLong(Block::time)
                .min()
                .orElse(time);
    }
}
