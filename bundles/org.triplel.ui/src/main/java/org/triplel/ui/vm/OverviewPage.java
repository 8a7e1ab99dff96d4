package org.triplel.ui.vm;

import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.accessibility.AccessibleAdapter;
import org.eclipse.swt.accessibility.AccessibleEvent;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Canvas;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Host;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Icon;
import org.triplel.ui.Moment;
import org.triplel.ui.Rpo;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.Sparkline;
import org.triplel.ui.charts.Units;

/** The VM's facts, and what it moves now. */
final class OverviewPage extends Composite {

    private static final int LABEL_WIDTH = 190;
    private static final int GAUGE_WIDTH = 100;
    private static final int GAUGE_HEIGHT = 12;

    private final FleetWatch watch;
    private final ZoneId zone = ZoneId.systemDefault();
    private final Map<String, Label> values = new LinkedHashMap<>();
    private Canvas gauge;
    private Rpo rpo = Rpo.NONE;

    OverviewPage(Composite parent, FleetWatch watch) {
        super(parent, SWT.NONE);
        this.watch = watch;
        var layout = new GridLayout(2, true);
        layout.marginWidth = 12;
        layout.marginHeight = 10;
        layout.horizontalSpacing = 24;
        setLayout(layout);
        column(List.of(
                Messages.Overview_State,
                Messages.Overview_Host,
                Messages.Overview_Base,
                Messages.Overview_Replica,
                Messages.Overview_Disk,
                Messages.Overview_Swap,
                Messages.Overview_Writes,
                Messages.Overview_Placement,
                Messages.Overview_Memory,
                Messages.Overview_Started,
                Messages.Overview_Boot));
        column(List.of(
                Messages.Overview_Io,
                Messages.Overview_Nas,
                Messages.Overview_LocalShare,
                Messages.Overview_ReadLocal,
                Messages.Overview_ReadNas,
                Messages.Overview_WriteNas,
                Messages.Overview_Flush,
                Messages.Overview_Exposure,
                Messages.Overview_Rpo,
                Messages.Overview_Worst,
                Messages.Overview_Problem));
    }

    private void column(List<String> names) {
        var column = new Composite(this, SWT.NONE);
        column.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, true));
        var layout = new GridLayout(2, false);
        layout.marginWidth = 0;
        layout.verticalSpacing = 6;
        column.setLayout(layout);
        for (var name : names) {
            var label = new Label(column, SWT.NONE);
            label.setText(name);
            var size = new GridData(SWT.LEFT, SWT.TOP, false, false);
            size.widthHint = LABEL_WIDTH;
            label.setLayoutData(size);
            var parent = name.equals(Messages.Overview_Exposure) ? withGauge(column) : column;
            var value = new Label(parent, SWT.WRAP);
            value.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
            values.put(name, value);
        }
    }

    /** What would be lost with the host is drawn, too, if there is a bound to it. */
    private Composite withGauge(Composite column) {
        var cell = new Composite(column, SWT.NONE);
        cell.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
        GridLayoutFactory.fillDefaults().numColumns(2).spacing(8, 0).applyTo(cell);
        gauge = new Canvas(cell, SWT.DOUBLE_BUFFERED);
        var size = new GridData(SWT.LEFT, SWT.CENTER, false, false);
        size.widthHint = GAUGE_WIDTH;
        size.heightHint = GAUGE_HEIGHT;
        size.exclude = true;
        gauge.setLayoutData(size);
        gauge.setVisible(false);
        gauge.addPaintListener(event -> new Sparkline(Palette.of(gauge))
                .limit(event.gc, new Rectangle(0, 1, GAUGE_WIDTH, GAUGE_HEIGHT - 2), rpo.share()));
        gauge.getAccessible().addAccessibleListener(new AccessibleAdapter() {
            @Override
            public void getName(AccessibleEvent event) {
                event.result = rpo.shareOfPromise();
            }
        });
        return cell;
    }

    void refresh(Vm vm, Host host, FleetSnapshot snapshot) {
        var load = snapshot.load(vm.name());
        var counters = watch.fleet().traffic().counters(vm.name());
        set(Messages.Overview_State, Icon.words(vm, host));
        set(
                Messages.Overview_Host,
                host.name()
                        + host.status()
                                .map(status -> " (" + status.hypervisor() + ", " + status.accelerator() + ")")
                                .orElse(""));
        set(Messages.Overview_Base, vm.base() + " v" + vm.baseVersion());
        set(Messages.Overview_Replica, replica(vm, host));
        set(Messages.Overview_Disk, Units.bytes(vm.diskBytes()));
        set(Messages.Overview_Swap, SwapWords.placement(vm));
        set(Messages.Overview_Writes, WritesWords.placement(vm, zone));
        set(Messages.Overview_Placement, WritesWords.effect(vm));
        showRpo(vm, snapshot.rpo(vm.name()));
        set(Messages.Overview_Memory, vm.memoryMiB() + " MiB");
        set(Messages.Overview_Started, vm.startedAtMillis() == 0 ? Units.NONE : Moment.words(vm.startedAtMillis()));
        set(Messages.Overview_Boot, vm.ready() ? Units.duration(vm.readyAfterMillis()) : Units.NONE);
        set(Messages.Overview_Io, Units.rate(load.now()));
        set(Messages.Overview_Nas, Units.rate(load.nasNow()));
        set(Messages.Overview_LocalShare, load.localShare() < 0 ? Units.NONE : Units.percent(load.localShare()));
        set(Messages.Overview_ReadLocal, latency(counters, Direction.READ, Side.LOCAL));
        set(Messages.Overview_ReadNas, latency(counters, Direction.READ, Side.NAS));
        set(Messages.Overview_WriteNas, latency(counters, Direction.WRITE, Side.NAS));
        set(Messages.Overview_Flush, latency(counters, counter -> counter.direction() == Direction.FLUSH));
        set(Messages.Overview_Problem, vm.problem().isEmpty() ? Units.NONE : vm.problem());
    }

    private void showRpo(Vm vm, Rpo newest) {
        set(Messages.Overview_Exposure, WritesWords.exposure(vm, newest.now()));
        set(Messages.Overview_Rpo, newest.shareOfPromise());
        set(Messages.Overview_Worst, WritesWords.exposure(newest.worst()));
        if (!newest.equals(rpo)) {
            rpo = newest;
            var size = (GridData) gauge.getLayoutData();
            if (size.exclude == rpo.promised()) {
                size.exclude = !rpo.promised();
                gauge.setVisible(rpo.promised());
                gauge.requestLayout();
            }
            gauge.redraw();
        }
    }

    private static String replica(Vm vm, Host host) {
        if (vm.placement().base() == Side.NAS) {
            return Messages.Overview_ReplicaUnused;
        }
        return host.replicas().stream()
                .filter(replica -> replica.base().equals(vm.base()))
                .findFirst()
                .map(replica -> NLS.bind(
                        replica.shadowBase() ? Messages.Overview_ReplicaOn : Messages.Overview_ReplicaOff,
                        Units.percent((double) replica.verifiedChunks() / Math.max(1, replica.chunks()))))
                .orElse(Units.NONE);
    }

    private static String latency(List<TrafficCounter> counters, Direction direction, Side side) {
        return latency(counters, counter -> counter.direction() == direction && counter.side() == side);
    }

    private static String latency(List<TrafficCounter> counters, Predicate<TrafficCounter> which) {
        // of several classes, the one with the slowest requests
        return counters.stream()
                .filter(which)
                .filter(counter -> counter.maxMicros() > 0)
                .max((a, b) -> Long.compare(a.p99Micros(), b.p99Micros()))
                .map(counter -> NLS.bind(Messages.Overview_Latency, new Object[] {
                    millis(counter.p50Micros()), millis(counter.p99Micros()), millis(counter.maxMicros())
                }))
                .orElse(Units.NONE);
    }

    private static String millis(long micros) {
        return String.format(Locale.ROOT, "%.2f", micros / 1000.0);
    }

    private void set(String name, String text) {
        var label = values.get(name);
        if (!text.equals(label.getText())) {
            label.setText(text);
            label.setToolTipText(text);
            if (label.computeSize(label.getSize().x, SWT.DEFAULT).y != label.getSize().y) {
                label.requestLayout();
            }
        }
    }
}
