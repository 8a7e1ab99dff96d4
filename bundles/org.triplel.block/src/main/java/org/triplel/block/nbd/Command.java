package org.triplel.block.nbd;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The commands of the transmission phase. */
enum Command {
    READ(0),
    WRITE(1),
    DISC(2),
    FLUSH(3),
    TRIM(4),
    CACHE(5),
    WRITE_ZEROES(6),
    BLOCK_STATUS(7);

    private static final List<Optional<Command>> BY_NUMBER =
            Arrays.stream(values()).map(Optional::of).toList();

    private final int number;

    Command(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    static Optional<Command> of(int number) {
        return number < BY_NUMBER.size() ? BY_NUMBER.get(number) : Optional.empty();
    }

    /** Whether it may change what is on the disk. */
    boolean changes() {
        return this == WRITE || this == WRITE_ZEROES || this == TRIM;
    }
}
