package org.triplel.hypervisor;

import java.lang.System.Logger.Level;
import org.libvirt.Connect;
import org.libvirt.Library;
import org.libvirt.LibvirtException;
import org.libvirt.jna.Libvirt;

/** libvirt's event loop: there is one in a process; it starts before the first connection and never ends. */
final class EventLoop {

    private static final System.Logger LOG = System.getLogger(EventLoop.class.getName());

    /** Errors come as exceptions; without this libvirt would print them on stderr as well. */
    private static final Libvirt.VirErrorCallback SILENT = (userData, error) -> {};

    private static final Thread LOOP = start();

    private EventLoop() {}

    /** Returns once the loop has been started, by this call or an earlier one. */
    static void ensureStarted() {
        LOG.log(Level.TRACE, LOOP);
    }

    private static Thread start() {
        try {
            Library.initEventLoop();
            Connect.setErrorCallback(SILENT);
        } catch (LibvirtException e) {
            throw new IllegalStateException("libvirt's event loop does not start", e);
        }
        return Thread.ofPlatform().name("libvirt events").daemon().start(EventLoop::run);
    }

    private static void run() {
        while (true) {
            try {
                Library.processEvent();
            } catch (LibvirtException e) {
                LOG.log(Level.WARNING, "libvirt's event loop", e);
            }
        }
    }
}
