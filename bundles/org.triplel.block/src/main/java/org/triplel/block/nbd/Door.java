package org.triplel.block.nbd;

import static org.triplel.block.BlockException.Errno.EINVAL;
import static org.triplel.block.BlockException.Errno.ENOSPC;
import static org.triplel.block.BlockException.Errno.EPERM;

import java.util.Optional;
import org.triplel.block.BlockException;

/**
 * Judges every request once, before anything is done about it: whatever passes lies within the device and was
 * negotiated. The errors are those that proto.md asks for ("Error values").
 */
final class Door {

    private final Session session;

    Door(Session session) {
        this.session = session;
    }

    /** The command to carry out, always there; throws why there is none. */
    Optional<Command> admit(Header request) throws BlockException {
        var command = Command.of(request.command());
        if (command.isEmpty()) {
            throw new BlockException(EINVAL, "unknown command " + request.command());
        }
        check(request, command.get());
        return command;
    }

    private void check(Header request, Command command) throws BlockException {
        checkFlags(request, command);
        switch (command) {
            case READ -> {
                checkPayload(request);
                checkRange(request, EINVAL);
            }
            case WRITE -> {
                checkWritable(command);
                checkPayload(request);
                checkRange(request, ENOSPC);
            }
            case WRITE_ZEROES -> {
                checkWritable(command);
                checkRange(request, ENOSPC);
            }
            case TRIM -> {
                checkWritable(command);
                checkRange(request, EINVAL);
            }
            case CACHE -> checkRange(request, EINVAL);
            case BLOCK_STATUS -> {
                if (session.contexts().isEmpty()) {
                    throw new BlockException(EINVAL, "block status without a negotiated metadata context");
                }
                checkRange(request, EINVAL);
            }
            case FLUSH -> {
                if (request.offset() != 0 || request.length() != 0) {
                    throw new BlockException(EINVAL, "flush with an offset or a length");
                }
            }
            case DISC -> {}
        }
    }

    private void checkFlags(Header request, Command command) throws BlockException {
        int allowed = Protocol.CMD_FLAG_FUA; // has no effect, but is valid, on commands that change nothing
        switch (command) {
            case READ -> allowed |= session.structured() ? Protocol.CMD_FLAG_DF : 0;
            case WRITE_ZEROES ->
                allowed |=
                        Protocol.CMD_FLAG_NO_HOLE | (session.device().zeroesFast() ? Protocol.CMD_FLAG_FAST_ZERO : 0);
            case BLOCK_STATUS -> allowed |= Protocol.CMD_FLAG_REQ_ONE;
            case WRITE, DISC, FLUSH, TRIM, CACHE -> {}
        }
        int rest = request.flags() & ~allowed;
        if (rest != 0) {
            throw new BlockException(
                    EINVAL, command + " with flags 0x" + Integer.toHexString(rest) + " not negotiated");
        }
    }

    private static void checkPayload(Header request) throws BlockException {
        if (request.length() > Protocol.MAX_PAYLOAD_BYTES) {
            throw new BlockException(
                    EINVAL, request.length() + " bytes in one request, at most " + Protocol.MAX_PAYLOAD_BYTES);
        }
    }

    private void checkRange(Header request, BlockException.Errno beyondEnd) throws BlockException {
        long size = session.device().size();
        if (request.length() == 0) {
            throw new BlockException(EINVAL, "a request of no bytes");
        }
        if (request.offset() < 0 || request.length() > size - request.offset()) {
            throw new BlockException(
                    beyondEnd,
                    Long.toUnsignedString(request.offset()) + " + " + request.length() + " lies beyond the end, "
                            + size);
        }
    }

    private void checkWritable(Command command) throws BlockException {
        if (session.access() == Access.READ) {
            throw new BlockException(EPERM, command + " on a read-only export");
        }
    }
}
