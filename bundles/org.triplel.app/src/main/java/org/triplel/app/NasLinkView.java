package org.triplel.app;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Scale;
import org.eclipse.ui.part.ViewPart;
import org.triplel.lab.LabException;
import org.triplel.lab.NasCounters;
import org.triplel.lab.NasLink;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.charts.Units;

/** The link between the lab's NAS and its clients: how fast it is, and what crosses it, counted by the NAS. */
public final class NasLinkView extends ViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.app.view.naslink";

    private static final List<Long> BANDWIDTHS = List.of(
            1_000_000L, 2_000_000L, 5_000_000L, 10_000_000L, 25_000_000L, 50_000_000L, 100_000_000L, 250_000_000L, 0L);
    private static final List<Long> LATENCIES =
            List.of(0L, 200L, 500L, 1_000L, 2_000L, 5_000L, 10_000L, 20_000L, 50_000L, 100_000L);
    private static final int SET_AFTER_MILLIS = 300;

    private final ScheduledExecutorService background = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("NAS link").factory());
    private Display display;
    private LabControl lab;
    private Scale bandwidth;
    private Scale latency;
    private Label bandwidthText;
    private Label latencyText;
    private Label read;
    private Label written;
    private Label remark;
    private boolean touched;
    private Optional<NasCounters> before = Optional.empty();

    @Override
    public void createPartControl(Composite parent) {
        display = parent.getDisplay();
        lab = getSite().getService(LabControl.class);
        var page = new Composite(parent, SWT.NONE);
        var layout = new GridLayout(3, false);
        layout.marginWidth = 12;
        layout.marginHeight = 8;
        layout.horizontalSpacing = 12;
        page.setLayout(layout);
        bandwidth = scale(page, Messages.Link_Bandwidth, BANDWIDTHS.size());
        bandwidthText = text(page);
        latency = scale(page, Messages.Link_Latency, LATENCIES.size());
        latencyText = text(page);
        read = row(page, Messages.Link_Read);
        written = row(page, Messages.Link_Written);
        remark = new Label(page, SWT.WRAP);
        GridDataFactory.fillDefaults().span(3, 1).grab(true, false).applyTo(remark);
        describe();
        background.scheduleWithFixedDelay(this::look, 0, 1, TimeUnit.SECONDS);
    }

    private Scale scale(Composite page, String name, int steps) {
        new Label(page, SWT.NONE).setText(name);
        var scale = new Scale(page, SWT.HORIZONTAL);
        scale.setMaximum(steps - 1);
        scale.setIncrement(1);
        scale.setPageIncrement(2);
        scale.setEnabled(false);
        AccessibleName.set(scale, name);
        GridDataFactory.fillDefaults().hint(280, SWT.DEFAULT).applyTo(scale);
        scale.addListener(SWT.Selection, event -> touch());
        return scale;
    }

    private static Label text(Composite page) {
        var label = new Label(page, SWT.NONE);
        GridDataFactory.fillDefaults()
                .align(SWT.FILL, SWT.CENTER)
                .grab(true, false)
                .applyTo(label);
        return label;
    }

    private static Label row(Composite page, String name) {
        new Label(page, SWT.NONE).setText(name);
        var label = new Label(page, SWT.NONE);
        GridDataFactory.fillDefaults().span(2, 1).grab(true, false).applyTo(label);
        return label;
    }

    private NasLink chosen() {
        return new NasLink(BANDWIDTHS.get(bandwidth.getSelection()), LATENCIES.get(latency.getSelection()));
    }

    private void describe() {
        var link = chosen();
        bandwidthText.setText(link.bytesPerSecond() == 0 ? Messages.Link_Unlimited : Units.rate(link.bytesPerSecond()));
        latencyText.setText(NLS.bind(Messages.Link_Millis, link.latencyMicros() / 1000.0));
    }

    /** A scale that moves is followed by a rest before it takes effect. */
    private void touch() {
        touched = true;
        describe();
        var link = chosen();
        display.timerExec(SET_AFTER_MILLIS, () -> {
            if (!bandwidth.isDisposed() && touched && link.equals(chosen())) {
                touched = false;
                background.execute(() -> set(link));
            }
        });
    }

    private void set(NasLink link) {
        lab.world().link().ifPresent(control -> {
            try {
                control.set(link);
            } catch (LabException e) {
                onUi(() -> remark.setText(e.getMessage()));
            }
        });
    }

    private void look() {
        var control = lab.world().link();
        if (control.isEmpty()) {
            onUi(() -> remark.setText(Messages.Link_None));
            return;
        }
        if (lab.state() != LabControl.State.RUNNING) {
            onUi(this::showStopped);
            return;
        }
        try {
            var link = control.get().get();
            var counters = control.get().counters();
            onUi(() -> show(link, counters));
        } catch (LabException e) {
            onUi(() -> remark.setText(e.getMessage()));
        }
    }

    private void onUi(Runnable change) {
        if (!display.isDisposed()) {
            display.asyncExec(() -> {
                if (!remark.isDisposed()) {
                    change.run();
                }
            });
        }
    }

    private void showStopped() {
        bandwidth.setEnabled(false);
        latency.setEnabled(false);
        before = Optional.empty();
        read.setText(Units.NONE);
        written.setText(Units.NONE);
        remark.setText(Messages.Link_Stopped);
    }

    private void show(NasLink link, NasCounters now) {
        bandwidth.setEnabled(true);
        latency.setEnabled(true);
        remark.setText("");
        if (!touched) {
            bandwidth.setSelection(nearest(BANDWIDTHS, link.bytesPerSecond()));
            latency.setSelection(nearest(LATENCIES, link.latencyMicros()));
            describe();
        }
        before.filter(last -> now.uptimeNanos() > last.uptimeNanos()).ifPresent(last -> {
            var seconds = (now.uptimeNanos() - last.uptimeNanos()) / 1e9;
            read.setText(figure(last.total().readBytes(), now.total().readBytes(), seconds));
            written.setText(figure(last.total().writeBytes(), now.total().writeBytes(), seconds));
        });
        before = Optional.of(now);
    }

    private static String figure(long then, long now, double seconds) {
        return NLS.bind(Messages.Link_Figure, Units.rate((now - then) / seconds), Units.bytes(now));
    }

    private static int nearest(List<Long> steps, long value) {
        var best = 0;
        for (var i = 1; i < steps.size(); i++) {
            // no limit is written as 0 and is near to nothing else
            if (steps.get(i) == value
                    || value != 0 && steps.get(i) != 0 && distance(steps, i, value) < distance(steps, best, value)) {
                best = i;
            }
        }
        return best;
    }

    private static long distance(List<Long> steps, int index, long value) {
        return Math.abs(steps.get(index) - value);
    }

    @Override
    public void setFocus() {
        bandwidth.setFocus();
    }

    @Override
    public void dispose() {
        background.shutdown();
        super.dispose();
    }
}
