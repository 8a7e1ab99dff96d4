package org.triplel.router;

import java.util.concurrent.locks.Condition;

/** Lets tasks run beside one another, and wait for each other. */
interface Scheduler {

    /** Something that was started. */
    interface Task {

        /** Returns when it has ended. */
        void join();
    }

    Task start(String name, Runnable task);

    /** The time, as {@link System#nanoTime}. */
    long nanos();

    /**
     * Waits for a signal, or for nothing at all.
     *
     * @param signal its lock is held by the caller, and given to others meanwhile
     */
    void await(Condition signal);

    /** The same, for some nanoseconds at most. */
    void await(Condition signal, long nanos);

    /** One thread per task. An interrupt ends nothing. */
    static Scheduler threads() {
        return new Scheduler() {
            @Override
            public Task start(String name, Runnable task) {
                var thread = Thread.ofPlatform().daemon().name(name).start(task);
                return () -> join(thread);
            }

            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void await(Condition signal) {
                signal.awaitUninterruptibly();
            }

            @Override
            public void await(Condition signal, long nanos) {
                boolean interrupted = Thread.interrupted(); // or it would not wait
                try {
                    signal.awaitNanos(nanos);
                } catch (InterruptedException stop) {
                    interrupted = true;
                }
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        for (boolean ended = false; !ended; ) {
            try {
                thread.join();
                ended = true;
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
