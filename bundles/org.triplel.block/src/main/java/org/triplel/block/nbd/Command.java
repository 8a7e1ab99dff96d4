package org.triplel.block.nbd;

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

    private final int number;

    Command(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    static Optional<Command> of(int number) {
        return number < values().length ? Optional.of(values()[number]) : Optional.empty();
    }
}
