package org.triplel.ui;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Writes;
import org.triplel.ui.charts.Alarm;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedData;
import org.triplel.ui.charts.Units;

/** What of an exposure a chart shows. */
public enum ExposureFigure {
    /** In seconds. */
    AGE,
    BYTES;

    private static final double MEBIBYTE = 1 << 20;

    /** All of them, as people read them. */
    public static List<String> allWords() {
        return Stream.of(values()).map(ExposureFigure::words).toList();
    }

    /** What the choice between them is called. */
    public static String choice() {
        return Messages.Exposure_Figure;
    }

    /** As people read it. */
    public String words() {
        return switch (this) {
            case AGE -> Messages.Exposure_Age;
            case BYTES -> Messages.Exposure_Bytes;
        };
    }

    public double of(Exposure exposure) {
        return switch (this) {
            case AGE -> exposure.ageMillis() / 1_000.0;
            case BYTES -> exposure.bytes();
        };
    }

    /** A value with its unit. */
    public String value(double value) {
        return switch (this) {
            case AGE -> Units.duration(Math.round(value * 1_000));
            case BYTES -> Units.bytes(value);
        };
    }

    /** What is promised by a placement, if anything is. */
    public Optional<StackedData.Limit> limit(Placement placement, Palette palette) {
        if (placement.writes() != Writes.BEHIND) {
            return Optional.empty();
        }
        var color = Alarm.ERROR.color(palette);
        return Optional.of(
                switch (this) {
                    case AGE ->
                        new StackedData.Limit(
                                placement.rpoSeconds(),
                                NLS.bind(Messages.Exposure_PromisedSeconds, placement.rpoSeconds()),
                                color);
                    case BYTES ->
                        new StackedData.Limit(
                                placement.rpoMebibytes() * MEBIBYTE,
                                NLS.bind(Messages.Exposure_PromisedMebibytes, placement.rpoMebibytes()),
                                color);
                });
    }
}
