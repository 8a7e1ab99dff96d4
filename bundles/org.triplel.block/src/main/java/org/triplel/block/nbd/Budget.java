package org.triplel.block.nbd;

import java.util.concurrent.Semaphore;

/** How many bytes the requests under way on one connection may occupy; whoever wants more waits. */
final class Budget {

    /** What a request costs even if it carries no data, so that small ones are bounded too. */
    private static final int MIN_COST = 4096;

    private final int bytes;
    private final Semaphore free;

    Budget(int bytes) {
        this.bytes = bytes;
        this.free = new Semaphore(bytes);
    }

    /** Returns whether there is room without waiting. */
    boolean tryTake(int size) {
        return free.tryAcquire(cost(size));
    }

    void take(int size) {
        free.acquireUninterruptibly(cost(size));
    }

    void giveBack(int size) {
        free.release(cost(size));
    }

    /** Waits until everything has been given back. */
    void awaitIdle() {
        free.acquireUninterruptibly(bytes);
        free.release(bytes);
    }

    private int cost(int size) {
        return Math.clamp(size, MIN_COST, bytes);
    }
}
