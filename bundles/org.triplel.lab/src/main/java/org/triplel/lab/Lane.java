package org.triplel.lab;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One direction of a link: all who send share its bandwidth, in turns of {@link #TURN_BYTES}, first come, first served.
 * It is a token bucket that holds what is sent in {@link #DEPTH_NANOS}, so that late wake-ups do not make it slower.
 */
final class Lane {

    private static final int TURN_BYTES = 64 * 1024;
    private static final long DEPTH_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long bytesPerSecond;
    private long booked;
    private double carried; // of the booked bytes, and up to the bucket's depth more
    private long carriedAt = System.nanoTime();

    Lane(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Returns when {@code bytes} have been sent. */
    void send(long bytes) {
        for (long left = bytes; left > 0; left -= TURN_BYTES) {
            turn(Math.min(left, TURN_BYTES));
        }
    }

    /** Takes effect at once, also for those who wait. */
    void setBandwidth(long newBytesPerSecond) {
        lock.lock();
        try {
            advance();
            bytesPerSecond = newBytesPerSecond;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void turn(long bytes) {
        boolean interrupted = false;
        lock.lock();
        try {
            advance();
            booked += bytes;
            long last = booked;
            while (bytesPerSecond != 0 && carried < last) {
                try {
                    changed.awaitNanos((long) ((last - carried) / bytesPerSecond * NANOS_PER_SECOND) + 1);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
                advance();
            }
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void advance() {
        long now = System.nanoTime();
        if (bytesPerSecond == 0) {
            carried = booked;
        } else {
            double bytesPerNano = bytesPerSecond / NANOS_PER_SECOND;
            carried = Math.min(carried + (now - carriedAt) * bytesPerNano, booked + DEPTH_NANOS * bytesPerNano);
        }
        carriedAt = now;
    }
}
