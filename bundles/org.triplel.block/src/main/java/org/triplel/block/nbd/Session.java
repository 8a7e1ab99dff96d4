package org.triplel.block.nbd;

import java.util.Set;
import org.triplel.block.BlockDevice;

/**
 * What client and server agreed upon in the handshake.
 *
 * @param export the name the client asked for
 * @param device what it stands for
 * @param structured structured replies were negotiated
 * @param contexts the metadata contexts that were negotiated
 */
record Session(String export, BlockDevice device, boolean structured, Set<MetaContext> contexts) {

    int transmissionFlags() {
        // A device's flush covers all that was completed before it, on whichever connection: hence multi-conn.
        int flags = Protocol.FLAG_HAS_FLAGS
                | Protocol.FLAG_SEND_FLUSH
                | Protocol.FLAG_SEND_FUA
                | Protocol.FLAG_SEND_CACHE
                | Protocol.FLAG_CAN_MULTI_CONN;
        flags |=
                device.readOnly() ? Protocol.FLAG_READ_ONLY : Protocol.FLAG_SEND_TRIM | Protocol.FLAG_SEND_WRITE_ZEROES;
        return structured ? flags | Protocol.FLAG_SEND_DF : flags;
    }
}
