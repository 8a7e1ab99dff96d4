package org.triplel.ui.actions;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.accessibility.AccessibleAdapter;
import org.eclipse.swt.accessibility.AccessibleEvent;
import org.eclipse.swt.widgets.Combo;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.ExposureFigure;
import org.triplel.ui.charts.Alarm;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedChart;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.charts.StackedData;
import org.triplel.ui.charts.StackedSeries;
import org.triplel.ui.charts.StackedSeries.Hatch;

/** What the loss of the host would have cost over the time of a watch, with one of the placements. */
final class AdviceChart {

    private static final int FONT_PIXELS = 11;
    private static final int HEIGHT = 180;

    private final DateTimeFormatter time =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());
    private final Advice advice;
    private final Label words;
    private final Combo figures;
    private final StackedChartCanvas canvas;
    private Optional<Advice.Outcome> shown = Optional.empty();

    /** @param painter draws; not the UI thread */
    AdviceChart(Composite parent, Advice advice, Executor painter) {
        this.advice = advice;
        var area = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(2).applyTo(area);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(area);
        words = new Label(area, SWT.NONE);
        GridDataFactory.fillDefaults()
                .align(SWT.FILL, SWT.CENTER)
                .grab(true, false)
                .applyTo(words);
        figures = new Combo(area, SWT.READ_ONLY);
        figures.setItems(ExposureFigure.allWords().toArray(String[]::new));
        figures.select(0);
        figures.setToolTipText(ExposureFigure.choice());
        AccessibleName.set(figures, ExposureFigure.choice());
        figures.addListener(SWT.Selection, event -> draw());
        canvas = new StackedChartCanvas(area, painter);
        GridDataFactory.fillDefaults()
                .span(2, 1)
                .grab(true, true)
                .hint(SWT.DEFAULT, HEIGHT)
                .applyTo(canvas);
        canvas.onHover(this::hover);
        canvas.getAccessible().addAccessibleListener(new AccessibleAdapter() {
            @Override
            public void getName(AccessibleEvent event) {
                event.result = words.getText();
            }
        });
    }

    void show(Advice.Outcome outcome) {
        shown = Optional.of(outcome);
        draw();
    }

    private void draw() {
        shown.ifPresent(outcome -> {
            var figure = ExposureFigure.values()[figures.getSelectionIndex()];
            var palette = Palette.of(canvas);
            var values = outcome.losses().stream().mapToDouble(figure::of).toArray();
            canvas.show(
                    new StackedChart(palette, FONT_PIXELS, figure::value),
                    new StackedData(
                            advice.startedAtMillis(),
                            outcome.secondsPerLoss() * 1_000L,
                            values.length,
                            List.of(new StackedSeries(figure.words(), Alarm.NONE.color(palette), Hatch.NONE, values)),
                            figure.limit(placement(outcome), palette)));
            hover(-1);
        });
    }

    private static Placement placement(Advice.Outcome outcome) {
        return new Placement(
                Side.LOCAL, Side.LOCAL, outcome.writes(), outcome.rpoSeconds(), outcome.rpoMebibytes(), "", 0);
    }

    private void hover(int index) {
        shown.ifPresent(outcome -> {
            var lost = index < 0
                    ? worst(outcome)
                    : NLS.bind(
                            Messages.Advice_ChartAt,
                            moment(outcome, index),
                            AdviceWords.loss(outcome, outcome.losses().get(index)));
            words.setText(NLS.bind(Messages.Advice_Chart, AdviceWords.placement(outcome), lost));
        });
    }

    private static String worst(Advice.Outcome outcome) {
        var worst = AdviceWords.worst(outcome);
        return outcome.worstBytes() == 0 ? worst : NLS.bind(Messages.Advice_ChartWorst, worst);
    }

    private String moment(Advice.Outcome outcome, int index) {
        return time.format(
                Instant.ofEpochMilli(advice.startedAtMillis()).plusSeconds((long) index * outcome.secondsPerLoss()));
    }
}
