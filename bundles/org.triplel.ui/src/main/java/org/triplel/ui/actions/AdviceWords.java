package org.triplel.ui.actions;

import java.util.Optional;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Writes;
import org.triplel.ui.Moment;
import org.triplel.ui.charts.Units;

/** What the watch of a VM's disk has seen, in words. */
final class AdviceWords {

    private AdviceWords() {}

    /** What is worth knowing of it, in one or two sentences. */
    static String summary(Advice advice) {
        var watched = Units.duration(advice.watchedMillis());
        var time = advice.running()
                ? NLS.bind(Messages.Advice_Running, watched, advice.minutes())
                : NLS.bind(Messages.Advice_Over, watched);
        return time + " "
                + (advice.writtenBytes() == 0
                        ? Messages.Advice_Nothing
                        : usual(advice).map(each -> usual(advice, each)).orElse(""));
    }

    /** Written behind by the bound that is offered where nobody has chosen one. */
    static Optional<Advice.Outcome> usual(Advice advice) {
        return advice.outcomes().stream()
                .filter(each -> each.rpoSeconds() == Placement.DEFAULT_RPO_SECONDS)
                .findFirst();
    }

    private static String usual(Advice advice, Advice.Outcome outcome) {
        if (advice.flushes() == 0) {
            return NLS.bind(
                    Messages.Advice_UsualWithoutFlushes,
                    new Object[] {outcome.rpoSeconds(), offNas(advice, outcome), worst(outcome)});
        }
        return NLS.bind(
                Messages.Advice_Usual,
                new Object[] {outcome.rpoSeconds(), flushes(advice, outcome), offNas(advice, outcome), worst(outcome)});
    }

    /** What the guest has done while it was watched. */
    static String seen(Advice advice) {
        var flushes = advice.flushes() == 0
                ? Messages.Advice_NoFlushes
                : NLS.bind(
                        Messages.Advice_Flushes,
                        advice.flushes(),
                        Units.duration(Math.ceilDiv(advice.flushMicros(), 1000)));
        return NLS.bind(Messages.Advice_Seen, new Object[] {
            Moment.words(advice.startedAtMillis()),
            Units.duration(advice.watchedMillis()),
            amount(advice.writtenBytes()),
            flushes,
            amount(advice.swapBytes())
        });
    }

    private static String amount(long bytes) {
        return bytes == 0 ? Messages.Advice_Zero : Units.bytes(bytes);
    }

    /** Where what the guest writes would be placed. */
    static String placement(Advice.Outcome outcome) {
        return new PlacementOfWrites(outcome.writes(), outcome.rpoSeconds(), outcome.rpoMebibytes()).words();
    }

    /** How much would not have crossed to the NAS. */
    static String offNas(Advice advice, Advice.Outcome outcome) {
        return share(advice.writtenBytes() - outcome.nasBytes(), advice.writtenBytes());
    }

    /** How many flushes would not have waited for the NAS. */
    static String flushes(Advice advice, Advice.Outcome outcome) {
        return share(outcome.flushesWithoutNas(), advice.flushes());
    }

    private static String share(long part, long whole) {
        return whole == 0 ? Units.NONE : Units.percent((double) Math.max(0, part) / whole);
    }

    static String worst(Advice.Outcome outcome) {
        return loss(outcome, outcome.worstBytes(), outcome.worstAgeMillis());
    }

    static String typical(Advice.Outcome outcome) {
        return loss(outcome, outcome.typicalBytes(), outcome.typicalAgeMillis());
    }

    static String loss(Advice.Outcome outcome, Exposure exposure) {
        return loss(outcome, exposure.bytes(), exposure.ageMillis());
    }

    private static String loss(Advice.Outcome outcome, long bytes, long ageMillis) {
        if (outcome.writes() == Writes.THROUGH) {
            return Messages.Advice_Zero;
        }
        return bytes == 0 ? Units.NONE : NLS.bind(Messages.Advice_Loss, Units.bytes(bytes), Units.duration(ageMillis));
    }

    /** In how long the guest would have had to wait for the bound. */
    static String waited(Advice.Outcome outcome) {
        return outcome.secondsWaited() > 0 ? Units.duration(outcome.secondsWaited() * 1000L) : Units.NONE;
    }
}
