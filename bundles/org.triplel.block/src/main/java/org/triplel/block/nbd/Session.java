package org.triplel.block.nbd;

import java.util.Set;
import org.triplel.block.BlockDevice;

/**
 * What client and server agreed upon in the handshake.
 *
 * @param export the name the client asked for
 * @param device what it stands for
 * @param access what the client may do with it
 * @param structured structured replies were negotiated
 * @param contexts the metadata contexts that were negotiated
 */
record Session(String export, BlockDevice device, Access access, boolean structured, Set<MetaContext> contexts) {

    int transmissionFlags() {
        int flags =
                Protocol.FLAG_HAS_FLAGS | Protocol.FLAG_SEND_FLUSH | Protocol.FLAG_SEND_FUA | Protocol.FLAG_SEND_CACHE;
        flags |= access == Access.READ
                ? Protocol.FLAG_READ_ONLY
                : Protocol.FLAG_SEND_TRIM | Protocol.FLAG_SEND_WRITE_ZEROES;
        flags |= device.zeroesFast() ? Protocol.FLAG_SEND_FAST_ZERO : 0;
        // A device's flush covers all that was completed before it, on whichever connection: hence multi-conn.
        flags |= access == Access.WRITE_ALONE ? 0 : Protocol.FLAG_CAN_MULTI_CONN;
        return structured ? flags | Protocol.FLAG_SEND_DF : flags;
    }
}
