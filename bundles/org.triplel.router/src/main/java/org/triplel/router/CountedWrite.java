package org.triplel.router;

import java.io.IOException;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.RangeLock;

/** A write that the private image has been asked for: holds its range until it is done, and is counted then. */
final class CountedWrite implements ChangeCompletion {

    private final WriteBehind overlay;
    private final DiskAccounting accounting;
    private final RequestClass used;
    private final long offset;
    private final int length;
    private final long rewritten;
    private final RangeLock.Hold hold;
    private final ChangeCompletion completion;
    private final long start = System.nanoTime();

    /**
     * @param rewritten how many bytes of it only the base had before
     * @param hold of its range
     */
    CountedWrite(
            WriteBehind overlay,
            DiskAccounting accounting,
            RequestClass used,
            long offset,
            int length,
            long rewritten,
            RangeLock.Hold hold,
            ChangeCompletion completion) {
        this.overlay = overlay;
        this.accounting = accounting;
        this.used = used;
        this.offset = offset;
        this.length = length;
        this.rewritten = rewritten;
        this.hold = hold;
        this.completion = completion;
    }

    @Override
    public void done() {
        overlay.ended();
        hold.close();
        count();
        completion.done();
    }

    @Override
    public void failed(IOException failure) {
        overlay.ended();
        hold.close();
        completion.failed(failure);
    }

    @Override
    public void unfinished(PatientWork rest) {
        completion.unfinished(() -> {
            try (hold) {
                finish(rest);
            }
            count();
        });
    }

    private void finish(PatientWork rest) throws IOException {
        try {
            rest.run();
        } finally {
            overlay.ended();
        }
    }

    private void count() {
        accounting.changed(used, offset, length, rewritten, true, Side.NAS, start);
    }

    @Override
    public void settle() {
        completion.settle();
    }
}
