package org.triplel.agent;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** Where conversions of file systems wait for their turn: one at a time, in the order of asking. Thread-safe. */
final class ConversionQueue {

    /** The first of them has its turn. */
    private final Deque<String> vms = new ArrayDeque<>();

    private final Set<String> cancelled = new HashSet<>();

    /** The file system of the first one may be between two journals. */
    private boolean changing;

    private boolean closed;

    /**
     * Waits for the turn of a VM, which has asked for no other one, and does the step then.
     *
     * @throws AgentException it was cancelled meanwhile, or the step fails
     */
    void run(String vm, ManagedVm.Step step) throws AgentException {
        await(vm);
        try {
            step.run();
        } finally {
            leave(vm);
        }
    }

    private synchronized void await(String vm) throws AgentException {
        vms.add(vm);
        try {
            while (!closed && !vm.equals(vms.peek()) && !cancelled.contains(vm)) {
                wait();
            }
            refuseIfCancelled(vm);
        } catch (AgentException e) {
            leave(vm);
            throw e;
        } catch (InterruptedException e) {
            leave(vm);
            Thread.currentThread().interrupt();
            throw cancelled(vm);
        }
    }

    private void refuseIfCancelled(String vm) throws AgentException {
        if (closed || cancelled.contains(vm)) {
            throw cancelled(vm);
        }
    }

    private static AgentException cancelled(String vm) {
        return AgentException.conflict("It was cancelled; the file system of " + vm + " is as it was.", "");
    }

    /**
     * From now on the one that has its turn must come to its end.
     *
     * @throws AgentException it was cancelled before
     */
    synchronized void beginToChange(String vm) throws AgentException {
        refuseIfCancelled(vm);
        changing = true;
    }

    private synchronized void leave(String vm) {
        changing &= !vm.equals(vms.peek());
        vms.remove(vm);
        cancelled.remove(vm);
        notifyAll();
    }

    /** @throws AgentException it is too late, or there is nothing to cancel */
    synchronized void cancel(String vm) throws AgentException {
        if (!vms.contains(vm)) {
            throw AgentException.conflict("No journal disk of " + vm + " is being given or taken away.", "");
        }
        if (changing && vm.equals(vms.peek())) {
            throw AgentException.conflict(
                    "The file system of " + vm + " is being changed, which must come to its end.",
                    "Wait for that, and then do the opposite.");
        }
        cancelled.add(vm);
        notifyAll();
    }

    /** Cancels what waits, and returns when nobody has a turn any more; nobody gets one afterwards. */
    synchronized void close() {
        closed = true;
        notifyAll();
        boolean interrupted = false;
        while (!vms.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
