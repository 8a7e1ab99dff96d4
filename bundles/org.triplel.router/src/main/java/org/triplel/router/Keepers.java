package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;

/** Says who keeps on this host what a guest writes: its swap areas, its journals, as they are placed. From any thread. */
final class Keepers {

    private static final System.Logger LOG = System.getLogger(Keepers.class.getName());
    private static final int BLOCK = LocalPart.BLOCK_BYTES;

    private final String disk;
    private final long size;
    private final GuestLayout layout;
    private final Optional<SubFile> swap;
    private final Optional<LogSplit> journals;

    private volatile boolean swapHere;
    private volatile String swapFailure = "";

    /**
     * @param swap has what is swapped, if this host may have any of it
     * @param journals the same of journals
     */
    Keepers(
            String disk,
            long size,
            GuestLayout layout,
            Optional<SubFile> swap,
            Optional<LogSplit> journals,
            Placement placement) {
        this.disk = disk;
        this.size = size;
        this.layout = layout;
        this.swap = swap;
        this.journals = journals;
        this.swapHere = placement.swap() == Side.LOCAL;
    }

    /** From now on; what failed may be tried again. */
    void place(Placement placement) {
        swapHere = placement.swap() == Side.LOCAL;
        swapFailure = "";
        journals.ifPresent(LogSplit::forgetProblem);
    }

    /** What is wrong and what to do, or empty. */
    String problem() {
        if (journals.isPresent() && !journals.get().problem().isEmpty()) {
            return journals.get().problem();
        }
        swap.ifPresent(SubFile::look);
        boolean full = swap.isPresent() && !swap.get().hasRoom() && swapHere;
        return swapFailure.isEmpty() && full
                ? "The disk of this host is nearly full, so what disk " + disk
                        + " swaps goes to the NAS. Make room on it"
                : swapFailure;
    }

    /** Who keeps what is written to the block of a byte. To be relied on only by whoever holds it. */
    Optional<? extends LocalPart> of(long offset) {
        if (swap.isEmpty() && journals.isEmpty()) {
            return Optional.empty();
        }
        if (journals.isPresent() && journals.get().takes(offset)) {
            return Optional.of(journals.get().file());
        }
        boolean swaps = swapHere
                && layout.usedFor(offset) == RequestClass.SWAP
                && swapFailure.isEmpty()
                && swap.isPresent()
                && swap.get().hasRoom();
        return swaps ? swap : Optional.empty();
    }

    /**
     * Up to where what is written from {@code offset} on has the same {@link #of keeper}, which keeps whole blocks only:
     * {@code offset} if that is less than one.
     */
    long keptTo(long offset, long limit) {
        long end = sameKeeper(offset, limit);
        return offset % BLOCK != 0 ? offset : end == size ? end : end / BLOCK * BLOCK;
    }

    long sameKeeper(long offset, long limit) {
        long end = layout.sameClass(offset, limit);
        return journals.isPresent() ? journals.get().sameTaken(offset, end) : end;
    }

    /** Whether the superblock of a journal that is here has this byte: then its block is kept as a whole. */
    boolean isSuperblock(long offset) {
        return journals.isPresent() && journals.get().isSuperblock(offset);
    }

    /** The host's disk has refused what was to be kept: from now on that goes to the NAS. */
    void failed(LocalPart keeper, IOException failure) {
        switch (keeper) {
            case SubFile _ -> failSwap(failure);
            case JournalFile _ -> journals.orElseThrow().fail(failure);
        }
    }

    private void failSwap(IOException failure) {
        swapFailure = "The local disk fails, so all that disk " + disk + " swaps goes to the NAS: "
                + failure.getMessage() + ". Make room on it or replace it, then restart the VM";
        LOG.log(Level.ERROR, swapFailure, failure);
    }
}
