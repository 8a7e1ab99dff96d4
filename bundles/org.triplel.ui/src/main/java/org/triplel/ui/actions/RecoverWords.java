package org.triplel.ui.actions;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.ui.Moment;
import org.triplel.ui.charts.Units;

/** What is lost, and what a recovery has done, in words. */
final class RecoverWords {

    private static final String PARAGRAPH = "\n\n";

    private RecoverWords() {}

    static boolean lacks(RecoveryStatus status, RecoveryStatus.Kind kind) {
        return status.losses().stream().anyMatch(loss -> loss.kind() == kind);
    }

    /** What the copy is without it, and which file has it. */
    private static Stream<String> savable(RecoveryStatus status) {
        return Stream.of(RecoveryStatus.Kind.values())
                .filter(kind -> lacks(status, kind))
                .map(kind -> NLS.bind(
                        switch (kind) {
                            case JOURNAL -> Messages.Recover_SavedJournal;
                            case JOURNAL_DISK -> Messages.Recover_SavedJournalDisk;
                            case LOG -> Messages.Recover_SavedLog;
                        },
                        status.vm()));
    }

    /** What happened, what can be saved, and what cannot. */
    static String loss(RecoveryStatus status) {
        if (status.stage() != RecoveryStage.NEEDED) {
            return status.stage() == RecoveryStage.NONE ? NLS.bind(Messages.Recover_Nothing, status.vm()) : "";
        }
        var lost = status.losses().stream().map(RecoverWords::loss).collect(Collectors.joining("\n"));
        return Stream.of(
                        Stream.of(
                                NLS.bind(Messages.Recover_Lost, status.vm(), lost),
                                NLS.bind(Messages.Recover_Changed, Moment.words(status.changedAtMillis()))),
                        savable(status),
                        Stream.of(Messages.Recover_Untouched))
                .flatMap(each -> each)
                .collect(Collectors.joining(PARAGRAPH));
    }

    private static String loss(RecoveryStatus.Loss loss) {
        return switch (loss.kind()) {
            case JOURNAL, JOURNAL_DISK -> journal(loss);
            case LOG -> NLS.bind(Messages.Recover_LostLog, loss.host(), Moment.words(loss.sinceMillis()));
        };
    }

    private static String journal(RecoveryStatus.Loss loss) {
        var words = NLS.bind(Messages.Recover_LostJournal, loss.host(), loss.what());
        return loss.sinceMillis() == 0
                ? words
                : words + " " + NLS.bind(Messages.Recover_LostSince, Moment.words(loss.sinceMillis()));
    }

    static String state(RecoveryStatus.Step step) {
        return switch (step.state()) {
            case WAITING -> Messages.Recover_Waiting;
            case RUNNING ->
                step.total() == 0
                        ? Messages.Recover_Running
                        : NLS.bind(Messages.Recover_RunningAt, Units.percent((double) step.done() / step.total()));
            case DONE -> Messages.Recover_Done;
        };
    }

    /** How much is done, from 0 to 1, as if each step took as long as any other. */
    static double share(List<RecoveryStatus.Step> steps) {
        return steps.stream()
                .mapToDouble(step -> switch (step.state()) {
                    case WAITING -> 0;
                    case RUNNING -> step.total() == 0 ? 0 : (double) step.done() / step.total();
                    case DONE -> 1;
                })
                .average()
                .orElse(0);
    }

    static String report(RecoveryStatus.Report report) {
        var lost = report.lost().isEmpty()
                ? Messages.Recover_NothingLost
                : NLS.bind(Messages.Recover_IsLost, String.join("\n", report.lost()));
        var log = report.logBytes() > 0 ? NLS.bind(Messages.Recover_Added, Units.bytes(report.logBytes())) : "";
        return Stream.of(
                        Stream.of(
                                NLS.bind(Messages.Recover_Copy, report.copy()),
                                lost,
                                log,
                                listed(Messages.Recover_Replayed, report.replayed()),
                                listed(Messages.Recover_Unchecked, report.unchecked())),
                        report.fileSystems().stream().map(RecoverWords::fileSystem),
                        report.fileSystems().stream()
                                .map(each -> NLS.bind(Messages.Recover_Said, each.name(), each.said())))
                .flatMap(each -> each)
                .filter(each -> !each.isEmpty())
                .collect(Collectors.joining(PARAGRAPH));
    }

    private static String listed(String words, List<String> all) {
        return all.isEmpty() ? "" : NLS.bind(words, String.join("; ", all));
    }

    private static String fileSystem(RecoveryStatus.FileSystem each) {
        var name = each.journalHost().isEmpty()
                ? each.name()
                : NLS.bind(Messages.Recover_WithoutJournal, each.name(), each.journalHost());
        var result = each.good()
                ? each.changedBytes() == 0
                        ? NLS.bind(Messages.Recover_Sound, name)
                        : NLS.bind(Messages.Recover_Repaired, name, Units.bytes(each.changedBytes()))
                : NLS.bind(Messages.Recover_Unsound, name, each.status());
        return each.found().isEmpty()
                ? result
                : result + "\n" + NLS.bind(Messages.Recover_Found, String.join("; ", each.found()));
    }
}
