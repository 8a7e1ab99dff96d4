package org.triplel.appliance;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** Ends appliances, as a power cut would: for those who serve their disks and are about to end. Thread-safe. */
public final class Cancellation {

    private final Set<Process> running = new HashSet<>();
    private boolean wanted;

    /** Ends what runs, for good; nothing is started any more. Does not wait. */
    public synchronized void cancel() {
        wanted = true;
        running.forEach(each -> each.toHandle().destroyForcibly()); // which lets its last words be read
    }

    interface Start {
        Process run() throws IOException, InterruptedException;
    }

    /** @throws IOException it was cancelled before, or cannot be started */
    synchronized Process start(Start start) throws IOException, InterruptedException {
        if (wanted) {
            throw new IOException("the appliance was cancelled");
        }
        var started = start.run();
        running.add(started);
        return started;
    }

    /** It is not to be ended any more. */
    synchronized void ended(Process process) {
        running.remove(process);
    }
}
