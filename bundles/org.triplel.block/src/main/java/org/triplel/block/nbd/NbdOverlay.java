package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.Extent;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.OverlayDevice;
import org.triplel.block.ReadCompletion;

/**
 * An overlay that QEMU exports by NBD. Its metadata context {@code qemu:allocation-depth} (QEMU,
 * docs/interop/nbd.rst) tells how deep in the backing chain a range is found: 1 is the overlay itself, more is the base,
 * and 0 means that neither has it.
 */
public final class NbdOverlay extends ForwardingDevice implements OverlayDevice {

    private static final String DEPTH = "qemu:allocation-depth";
    private static final int IN_OVERLAY = 1;

    private final NbdClient client;

    private NbdOverlay(NbdClient client) {
        super(client);
        this.client = client;
    }

    /** Connects to an export, which must offer {@code qemu:allocation-depth} and {@code base:allocation}. */
    public static NbdOverlay connect(Path socket, String export) throws IOException {
        var client = NbdClient.connect(socket, export, DEPTH);
        if (!client.has(DEPTH) || !client.has(Protocol.BASE_ALLOCATION)) {
            client.close();
            throw new IOException(
                    client + " does not tell what the overlay holds: start its export with allocation-depth=on");
        }
        return new NbdOverlay(client);
    }

    @Override
    public boolean startRead(long offset, int length, ReadCompletion completion) {
        return client.startRead(offset, length, completion);
    }

    @Override
    public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        return client.startWrite(offset, memory, at, length, completion);
    }

    @Override
    public Duration silence() {
        return client.silence();
    }

    @Override
    public void submit() {
        client.submit();
    }

    @Override
    public List<Extent> held(long offset, long length) throws IOException {
        var states = client.status(offset, length, DEPTH, Protocol.BASE_ALLOCATION);
        return combine(states.getFirst(), states.getLast());
    }

    /** Cuts both lists at each other's borders, up to the end of the shorter one. */
    static List<Extent> combine(List<AwaitedReply.Status> depths, List<AwaitedReply.Status> allocations) {
        var held = new ArrayList<Extent>();
        int d = 0;
        int a = 0;
        long depthEnd = 0;
        long allocationEnd = 0;
        for (long at = 0; ; ) {
            if (at == depthEnd) {
                if (d == depths.size()) {
                    return held;
                }
                depthEnd += depths.get(d++).length();
            }
            if (at == allocationEnd) {
                if (a == allocations.size()) {
                    return held;
                }
                allocationEnd += allocations.get(a++).length();
            }
            long end = Math.min(depthEnd, allocationEnd);
            boolean inOverlay = depths.get(d - 1).flags() == IN_OVERLAY;
            boolean zero = (allocations.get(a - 1).flags() & Protocol.STATE_ZERO) != 0;
            add(held, new Extent(end - at, !inOverlay, inOverlay && zero));
            at = end;
        }
    }

    private static void add(List<Extent> held, Extent next) {
        if (!held.isEmpty()
                && held.getLast().hole() == next.hole()
                && held.getLast().zero() == next.zero()) {
            held.set(held.size() - 1, new Extent(held.getLast().length() + next.length(), next.hole(), next.zero()));
        } else {
            held.add(next);
        }
    }
}
