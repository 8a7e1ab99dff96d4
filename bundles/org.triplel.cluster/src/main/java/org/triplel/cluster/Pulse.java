package org.triplel.cluster;

/** Runs an action on its own thread after each burst of beats, at most every 50 ms. */
final class Pulse implements AutoCloseable {

    private static final int MILLIS = 50;

    private final Runnable action;
    private boolean wanted;
    private boolean closed;

    Pulse(String name, Runnable action) {
        this.action = action;
        Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    synchronized void beat() {
        wanted = true;
        notifyAll();
    }

    private void run() {
        while (next()) {
            try {
                action.run();
            } catch (RuntimeException e) {
                System.getLogger(Pulse.class.getName())
                        .log(System.Logger.Level.ERROR, "a listener of the fleet failed", e);
            }
        }
    }

    private synchronized boolean next() {
        try {
            while (!wanted && !closed) {
                wait();
            }
            var until = System.nanoTime() + MILLIS * 1_000_000L;
            for (var left = (long) MILLIS; left > 0 && !closed; left = (until - System.nanoTime()) / 1_000_000) {
                wait(left);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("the listeners' thread is interrupted by nobody", e);
        }
        wanted = false;
        return !closed;
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
