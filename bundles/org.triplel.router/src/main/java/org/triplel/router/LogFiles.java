package org.triplel.router;

import java.io.IOException;
import java.util.Optional;

/** Where a disk's {@link WriteBehindLog} is, and how the NAS is told of it. */
public interface LogFiles {

    /**
     * Opens what was written behind and may not be on the NAS yet, if there is anything.
     *
     * @param size of the disk in bytes
     */
    Optional<WriteBehindLog> behind(long size) throws IOException;

    /**
     * Begins a new one. From now on the NAS tells every host that the disk's newest content is here.
     *
     * @throws IOException nothing has begun; a {@link LocalDiskException} if it is this host's disk that fails
     */
    WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException;

    /**
     * Tells the NAS anew that changes of the disk come from here.
     *
     * @param times how often it has been told, this time included
     * @throws IOException the NAS does not expect changes from here any more, or cannot be told
     */
    void renewBehind(long times) throws IOException;

    /** How fast what is in the logs of this host may be sent on. */
    default SendRate sendRate() {
        return SendRate.UNLIMITED;
    }

    /** Tells the NAS that the log's file must not be used any more: this host's disk has failed. */
    void failBehind() throws IOException;

    /**
     * All is on the NAS, which is told so, for good, if it still expects changes from here; then what is here is removed. It may
     * be called again.
     */
    void endBehind() throws IOException;
}
