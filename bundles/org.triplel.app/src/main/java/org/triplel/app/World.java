package org.triplel.app;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.triplel.lab.LabException;
import org.triplel.lab.NasCounters;
import org.triplel.lab.NasLink;
import org.triplel.lab.Progress;

/** Where the hosts are that the window shows. Its methods wait, so they are not for the UI thread. */
interface World {

    /** Sees that the hosts run; returns their agents' sockets by host. */
    Map<String, Path> start(Progress progress) throws LabException;

    /** Ends them. */
    void stop(Progress progress) throws LabException;

    /** Whether they run, or some of them. */
    boolean running() throws LabException;

    /** The link to the NAS, if it can be set from here. */
    Optional<Link> link();

    /** A link to the NAS that can be set. */
    interface Link {

        NasLink get() throws LabException;

        void set(NasLink link) throws LabException;

        /** What crossed it since the NAS was started. */
        NasCounters counters() throws LabException;
    }
}
