package org.triplel.agent;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainPlacement.Writes;
import org.triplel.hypervisor.RiskConsent;

/**
 * Where parts of a VM's disk are kept, in the terms of desktop and hypervisor, and in words.
 *
 * @param vm the VM
 * @param host its host
 */
record Placements(String vm, String host) {

    private static final int LONGEST_NAME = 100;

    static Placement described(DomainPlacement placement) {
        return whatIsWritten(placement).withBase(placement.baseOnHost() ? Side.LOCAL : Side.NAS);
    }

    private static Placement whatIsWritten(DomainPlacement placement) {
        var swap = placement.swapOnHost() ? Side.LOCAL : Side.NAS;
        return switch (placement.writes()) {
            case Writes.Through() -> Placement.safe(swap);
            case Writes.JournalOnHost(var consent) ->
                Placement.risky(swap, consent.user()).acceptedAt(consent.at().toEpochMilli());
            case Writes.Behind(int seconds, int mebibytes, var consent) ->
                Placement.behind(swap, seconds, mebibytes, consent.user())
                        .acceptedAt(consent.at().toEpochMilli());
        };
    }

    /**
     * What is wanted of a VM that is placed so now.
     *
     * @throws AgentException it makes no sense, or nobody accepts what may be lost by it
     */
    DomainPlacement checked(Placement wanted, DomainPlacement now) throws AgentException {
        return new DomainPlacement(wanted.base() == Side.LOCAL, wanted.swap() == Side.LOCAL, writes(wanted, now));
    }

    private Writes writes(Placement wanted, DomainPlacement now) throws AgentException {
        return switch (wanted.writes()) {
            case THROUGH -> Writes.THROUGH;
            case LOG_SPLIT ->
                new Writes.JournalOnHost(consent(
                        wanted, now, "The journal of " + vm + " cannot be kept on " + host + " unless somebody"));
            case BEHIND ->
                new Writes.Behind(
                        checked(wanted.rpoSeconds(), Placement.MIN_RPO_SECONDS, Placement.MAX_RPO_SECONDS, "seconds"),
                        checked(wanted.rpoMebibytes(), Placement.MIN_RPO_MEBIBYTES, Placement.MAX_RPO_MEBIBYTES, "MiB"),
                        consent(wanted, now, "What " + vm + " writes cannot be written behind unless somebody"));
        };
    }

    private int checked(int value, int least, int most, String unit) throws AgentException {
        if (value < least || value > most) {
            throw AgentException.invalid(
                    "What " + vm + " writes cannot be written behind by " + value + " " + unit + ".",
                    "Choose from " + least + " to " + most + " " + unit + ".");
        }
        return value;
    }

    /** Who has accepted the risk before is still the one, unless another one does, or more is risked. */
    private static RiskConsent consent(Placement wanted, DomainPlacement now, String notUnless) throws AgentException {
        var user = acceptedBy(wanted.acceptedBy(), notUnless);
        boolean asBefore = wanted.risksNoMoreThan(described(now));
        return now.consent()
                .filter(consent -> asBefore && consent.user().equals(user))
                .orElseGet(() -> new RiskConsent(user, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    }

    /** @throws AgentException nobody is named, or it is no name */
    static String acceptedBy(String name, String notUnless) throws AgentException {
        var user = name.strip();
        if (user.isEmpty() || user.length() > LONGEST_NAME || user.codePoints().anyMatch(Placements::isNoText)) {
            throw AgentException.invalid(
                    notUnless + " accepts that the loss of the host can destroy recent data.",
                    "Say who accepts it, in at most " + LONGEST_NAME + " characters.");
        }
        return user;
    }

    /** XML, in which it is kept, cannot hold it. */
    private static boolean isNoText(int codePoint) {
        return Character.isISOControl(codePoint)
                || Character.getType(codePoint) == Character.SURROGATE
                || codePoint == 0xFFFE
                || codePoint == 0xFFFF;
    }

    String baseWords(DomainPlacement placement) {
        return "Its base image is read from " + (placement.baseOnHost() ? "the replica on " + host : "the NAS") + ".";
    }

    String swapWords(DomainPlacement placement) {
        return "Swap is placed on " + (placement.swapOnHost() ? host : "the NAS") + ".";
    }

    /** Of a guest whose journal is placed on the host. */
    String noJournalWords() {
        return "Placed on " + host + ", but the guest has no journal that can be kept there, so it is on the NAS.";
    }

    String writesWords(DomainPlacement placement) {
        return switch (placement.writes()) {
            case Writes.Through() -> "All that it writes is placed on the NAS.";
            case Writes.JournalOnHost(var consent) ->
                "The journal is placed on " + host + ". " + consent.user() + " accepts that the loss of " + host
                        + " can destroy recent data, and that the file systems need repair then.";
            case Writes.Behind(int seconds, int mebibytes, var consent) ->
                "What it writes goes to the NAS later, by at most " + seconds + " s and " + mebibytes
                        + " MiB of writing. " + consent.user() + " accepts that the loss of " + host
                        + " destroys the last " + seconds + " s of writing of " + vm + ", at most " + mebibytes
                        + " MiB.";
        };
    }
}
