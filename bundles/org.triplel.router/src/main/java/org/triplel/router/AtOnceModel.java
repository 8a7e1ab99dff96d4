package org.triplel.router;

/** All goes to the NAS at once, but for the journal if that is placed on the host. */
final class AtOnceModel implements PlacementModel {

    private final Placement placement;
    private final ExposureHistory history;
    private long nasBytes;
    private long hereBytes;
    private long hereSince = ExposureHistory.NEVER;
    private boolean flushOwed;
    private long flushesWithoutNas;

    AtOnceModel(Placement placement, int seconds) {
        this.placement = placement;
        this.history = new ExposureHistory(seconds);
    }

    @Override
    public void changed(long now, boolean journal, long offset, long length, boolean data) {
        long payload = data ? length : 0;
        if (!journal || placement.journal() == Side.NAS) {
            nasBytes += payload;
            flushOwed = true;
            return;
        }
        history.pass(now, hereBytes, hereSince);
        hereBytes += payload;
        hereSince = Math.min(hereSince, now);
        history.note(hereBytes, hereSince);
    }

    @Override
    public void flush(long now) {
        flushesWithoutNas += flushOwed ? 0 : 1;
        flushOwed = false;
    }

    @Override
    public PlacementOutcome outcome(long now) {
        history.pass(now, hereBytes, hereSince);
        return new PlacementOutcome(
                placement, nasBytes, flushesWithoutNas, history.worst(), history.typical(), history.spans(), 0);
    }
}
