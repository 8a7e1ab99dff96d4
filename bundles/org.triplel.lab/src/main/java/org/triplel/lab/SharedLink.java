package org.triplel.lab;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The link between the NAS and its clients, full duplex; makes those who use it wait. Thread-safe. */
final class SharedLink {

    private final Lane toClients;
    private final Lane toNas;
    private volatile NasLink settings;

    SharedLink(NasLink settings) {
        this.settings = settings;
        this.toClients = new Lane(settings.bytesPerSecond());
        this.toNas = new Lane(settings.bytesPerSecond());
    }

    NasLink settings() {
        return settings;
    }

    synchronized void set(NasLink changed) {
        settings = changed;
        toClients.setBandwidth(changed.bytesPerSecond());
        toNas.setBandwidth(changed.bytesPerSecond());
    }

    /** Returns after one request's way there and back. */
    void roundTrip() {
        long end = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(settings.latencyMicros());
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    Lane toClients() {
        return toClients;
    }

    Lane toNas() {
        return toNas;
    }
}
