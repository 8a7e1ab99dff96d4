package org.triplel.block;

import java.io.IOException;

/** A failed block request whose cause has an errno that the client should see. */
public final class BlockException extends IOException {

    private static final long serialVersionUID = 1L;

    /** The errors a block request can end with; the numbers are Linux's and NBD's. */
    public enum Errno {
        EPERM(1),
        EIO(5),
        ENOMEM(12),
        EINVAL(22),
        ENOSPC(28),
        EOVERFLOW(75),
        ENOTSUP(95),
        ESHUTDOWN(108);

        private final int number;

        Errno(int number) {
            this.number = number;
        }

        public int number() {
            return number;
        }

        /** The error with this number, EIO if there is none. */
        public static Errno of(int number) {
            for (var errno : values()) {
                if (errno.number == number) {
                    return errno;
                }
            }
            return EIO;
        }
    }

    private final Errno errno;

    public BlockException(Errno errno, String message) {
        super(message);
        this.errno = errno;
    }

    public BlockException(Errno errno, String message, Throwable cause) {
        super(message, cause);
        this.errno = errno;
    }

    public Errno errno() {
        return errno;
    }

    /** The errno that stands for {@code failure}: its own if it has one, otherwise EIO. */
    public static Errno of(Throwable failure) {
        return failure instanceof BlockException block ? block.errno : Errno.EIO;
    }
}
