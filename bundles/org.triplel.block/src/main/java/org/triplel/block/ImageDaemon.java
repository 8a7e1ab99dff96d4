package org.triplel.block;

import java.io.IOException;

/**
 * Another process that has a disk's private image open, and may die while requests are under way. Once a request ended
 * with {@link DeviceLostException}, its owner closes the device and calls {@link #open()} for a new one.
 */
public interface ImageDaemon extends AutoCloseable {

    /**
     * Brings the daemon to life, or adopts a living one, and connects to it. Once this returned, no request of an
     * earlier connection is under way any more: the old daemon is dead and reaped, or its export is gone. A change that
     * is sent now can therefore not be overtaken by an older one. Blocks for as long as that takes.
     */
    OverlayDevice open() throws IOException;

    /**
     * Ends the daemon: in order, so that it flushes and closes the image, or, if it does not do so, by force. What was not
     * flushed before may be lost. No device of it may be in use any more. A later {@link #open()} starts a new one.
     *
     * @throws IOException it is still alive
     */
    @Override
    void close() throws IOException;
}
