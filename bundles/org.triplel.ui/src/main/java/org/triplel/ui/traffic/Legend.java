package org.triplel.ui.traffic;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Canvas;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.DiskMapStrip;
import org.triplel.ui.charts.DiskMapStrip.Look;
import org.triplel.ui.charts.DiskMapStrip.Pattern;
import org.triplel.ui.charts.StackedData;

/** What the chart's colours mean, and their values at one moment. Labels keep their width, so nothing jumps. */
final class Legend extends Composite {

    private static final int VALUE_WIDTH = 84;

    private final Label when;
    private final Map<RequestClass, Map<Side, Label>> values = new EnumMap<>(RequestClass.class);
    private final Map<Side, Label> sums = new EnumMap<>(Side.class);

    Legend(Composite parent, ClassColors colors) {
        super(parent, SWT.NONE);
        var layout = new GridLayout(5, false);
        layout.horizontalSpacing = 6;
        layout.verticalSpacing = 5;
        layout.marginHeight = 8;
        layout.marginWidth = 8;
        setLayout(layout);
        when = new Label(this, SWT.NONE);
        when.setLayoutData(new GridData(SWT.FILL, SWT.CENTER, true, false));
        head(Messages.Traffic_Local);
        head(Messages.Traffic_Nas);
        for (var requestClass : RequestClass.values()) {
            row(requestClass, colors);
        }
        new Label(this, SWT.SEPARATOR | SWT.HORIZONTAL)
                .setLayoutData(new GridData(SWT.FILL, SWT.CENTER, true, false, 5, 1));
        new Label(this, SWT.NONE).setText(Messages.Traffic_Sum);
        for (var side : Side.values()) {
            new Label(this, SWT.NONE);
            sums.put(side, value());
        }
    }

    private void head(String text) {
        var label = new Label(this, SWT.RIGHT);
        label.setText(text);
        label.setLayoutData(new GridData(SWT.FILL, SWT.CENTER, false, false, 2, 1));
    }

    private void row(RequestClass requestClass, ClassColors colors) {
        var label = new Label(this, SWT.NONE);
        label.setText(Layer.words(requestClass));
        label.setToolTipText(Layer.explanation(requestClass));
        values.put(requestClass, new EnumMap<>(Side.class));
        for (var side : Side.values()) {
            var layer = new Layer(requestClass, side);
            var look = new Look(layer.color(colors), patterns(layer));
            var sample = new Canvas(this, SWT.NONE);
            var data = new GridData(14, 12);
            sample.setLayoutData(data);
            sample.addPaintListener(event -> DiskMapStrip.paint(event.gc, look, new Rectangle(0, 0, 14, 12)));
            values.get(requestClass).put(side, value());
        }
    }

    private static List<Pattern> patterns(Layer layer) {
        return switch (layer.hatch()) {
            case NONE -> List.of();
            case RISING -> List.of(Pattern.RISING);
            case FALLING -> List.of(Pattern.FALLING);
        };
    }

    private Label value() {
        var label = new Label(this, SWT.RIGHT);
        var data = new GridData(SWT.FILL, SWT.CENTER, false, false);
        data.widthHint = VALUE_WIDTH;
        label.setLayoutData(data);
        return label;
    }

    /**
     * Shows values.
     *
     * @param time which moment they are of, in words
     * @param index which of the data
     */
    void show(String time, StackedData data, int index, DoubleFunction<String> unit) {
        set(when, time);
        var layers = Layer.all();
        for (var i = 0; i < layers.size(); i++) {
            var layer = layers.get(i);
            var label = values.get(layer.requestClass()).get(layer.side());
            set(label, unit.apply(data.layers().get(i).values()[index]));
        }
        for (var side : Side.values()) {
            var sum = IntStream.range(0, layers.size())
                    .filter(i -> layers.get(i).side() == side)
                    .mapToDouble(i -> data.layers().get(i).values()[index])
                    .sum();
            set(sums.get(side), unit.apply(sum));
        }
    }

    private static void set(Label label, String text) {
        if (!text.equals(label.getText())) {
            label.setText(text);
        }
    }
}
