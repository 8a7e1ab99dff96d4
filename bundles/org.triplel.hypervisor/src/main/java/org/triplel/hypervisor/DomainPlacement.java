package org.triplel.hypervisor;

import java.util.Optional;

/**
 * Where parts of a domain's disk are kept, by the administrator's choice. It is in the domain's metadata, so that it goes
 * where the domain goes.
 *
 * @param baseOnHost whether what only its base image holds is read from its host's replica, or on the NAS
 * @param swapOnHost whether the guest's swap areas are on its host, or on the NAS
 * @param writes what becomes of all else that the guest writes
 */
public record DomainPlacement(boolean baseOnHost, boolean swapOnHost, Writes writes) {

    /** What becomes of what a guest writes. Whatever may lose data, somebody must have accepted. */
    public sealed interface Writes {

        /** When a flush completes, it is on the NAS. */
        record Through() implements Writes {}

        /** The same, apart from the journals of its file systems, which are on the host. */
        record JournalOnHost(RiskConsent consent) implements Writes {}

        /**
         * It is on the host first.
         *
         * @param seconds how old the oldest change may become that is not on the NAS, from 1 to 3600
         * @param mebibytes how much of it there may be, from 16 to 1024
         */
        record Behind(int seconds, int mebibytes, RiskConsent consent) implements Writes {

            public Behind {
                if (seconds < 1 || seconds > 3600 || mebibytes < 16 || mebibytes > 1024) {
                    throw new IllegalArgumentException("written behind by " + seconds + " s and " + mebibytes + " MiB");
                }
            }
        }

        Writes THROUGH = new Through();
    }

    /** Of a domain for which nobody has chosen: nothing is lost by it. */
    public static final DomainPlacement DEFAULT = new DomainPlacement(true, true, Writes.THROUGH);

    /** Who has accepted that data may be lost with the host, if they may. */
    public Optional<RiskConsent> consent() {
        return switch (writes) {
            case Writes.Through _ -> Optional.empty();
            case Writes.JournalOnHost journal -> Optional.of(journal.consent());
            case Writes.Behind behind -> Optional.of(behind.consent());
        };
    }
}
