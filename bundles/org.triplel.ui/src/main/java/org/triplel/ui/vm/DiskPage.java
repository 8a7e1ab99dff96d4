package org.triplel.ui.vm;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Canvas;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.Vm;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.DiskMapLayout;
import org.triplel.ui.charts.DiskMapStrip;
import org.triplel.ui.charts.DiskMapStrip.Look;
import org.triplel.ui.charts.DiskMapStrip.Pattern;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.Shade;
import org.triplel.ui.charts.Units;

/** What lies where on the VM's disk, and which of it is on the host. */
final class DiskPage extends Composite {

    /** A range as it is drawn: what is on the host's disk looks different from what is not. */
    private record Place(DiskMap.Kind kind, boolean local) {}

    private static final long REFRESH_MILLIS = 3_000;

    private final FleetWatch watch;
    private final Label title;
    private final DiskMapStrip<Place> strip;
    private final Label hover;
    private final Map<DiskMap.Kind, Label> shares = new EnumMap<>(DiskMap.Kind.class);
    private final Display display;
    private boolean asking;
    private long askedMillis;
    private Optional<DiskMap> shown = Optional.empty();

    DiskPage(Composite parent, FleetWatch watch) {
        super(parent, SWT.NONE);
        this.watch = watch;
        this.display = getDisplay();
        var layout = new GridLayout();
        layout.marginWidth = 12;
        layout.marginHeight = 10;
        layout.verticalSpacing = 8;
        setLayout(layout);
        title = new Label(this, SWT.NONE);
        title.setLayoutData(new GridData(SWT.FILL, SWT.CENTER, true, false));
        strip = new DiskMapStrip<>(this, this::look);
        strip.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
        AccessibleName.set(strip, Messages.Vm_Disk);
        hover = new Label(this, SWT.NONE);
        hover.setLayoutData(new GridData(SWT.FILL, SWT.CENTER, true, false));
        hover.setText(Messages.Disk_Hover);
        strip.onHover(span -> hover.setText(span.map(this::words).orElse(Messages.Disk_Hover)));
        legend();
    }

    private void legend() {
        var legend = new Composite(this, SWT.NONE);
        legend.setLayoutData(new GridData(SWT.FILL, SWT.TOP, true, false));
        var layout = new GridLayout(2, false);
        layout.marginWidth = 0;
        layout.horizontalSpacing = 8;
        legend.setLayout(layout);
        for (var kind : Kinds.ORDER) {
            var samples = new Canvas(legend, SWT.NONE);
            samples.setLayoutData(new GridData(44, 14));
            samples.addPaintListener(event -> {
                if (Kinds.onEitherSide(kind)) {
                    DiskMapStrip.paint(event.gc, look(new Place(kind, true)), new Rectangle(0, 0, 20, 14));
                    DiskMapStrip.paint(event.gc, look(new Place(kind, false)), new Rectangle(24, 0, 20, 14));
                } else {
                    DiskMapStrip.paint(event.gc, look(new Place(kind, false)), new Rectangle(0, 0, 44, 14));
                }
            });
            var label = new Label(legend, SWT.NONE);
            label.setText(Kinds.words(kind));
            label.setLayoutData(new GridData(SWT.FILL, SWT.CENTER, true, false));
            shares.put(kind, label);
        }
        new Label(legend, SWT.NONE);
        new Label(legend, SWT.NONE).setText(Messages.Disk_Sides);
    }

    private Look look(Place place) {
        var colors = new ClassColors(Palette.of(this));
        return switch (place.kind) {
            case BASE -> sided(colors.base(), List.of(), place.local);
            case REWRITTEN -> new Look(colors.baseRewrite(), List.of(Pattern.FALLING));
            case PRIVATE -> new Look(colors.own(), List.of(Pattern.DOTS));
            case UNUSED -> new Look(colors.unused(), List.of());
            case JOURNAL -> sided(colors.journal(), List.of(Pattern.UPRIGHT), place.local);
            case SWAP -> sided(colors.swap(), List.of(Pattern.LEVEL), place.local);
        };
    }

    /** Rising lines mean the NAS, as in the chart. */
    private static Look sided(Shade color, List<Pattern> patterns, boolean local) {
        return new Look(
                color,
                local
                        ? patterns
                        : Stream.concat(patterns.stream(), Stream.of(Pattern.RISING))
                                .toList());
    }

    private String words(DiskMapLayout.Span<Place> span) {
        return shown.map(map ->
                        new DiskWords(map).range(span.offset(), span.length(), span.range().kind, span.range().local))
                .orElse("");
    }

    /** Asks for the map anew every few seconds. */
    void refresh(Vm vm, long nowMillis) {
        if (asking || nowMillis - askedMillis < REFRESH_MILLIS) {
            return;
        }
        asking = true;
        askedMillis = nowMillis;
        watch.fleet().call(vm.host(), agent -> agent.diskMap(vm.name())).whenComplete((map, failure) -> {
            if (!display.isDisposed()) {
                display.asyncExec(() -> take(map, failure));
            }
        });
    }

    private void take(DiskMap map, Throwable failure) {
        asking = false;
        if (isDisposed()) {
            return;
        }
        if (failure != null) {
            title.setText(failure.getMessage());
            return;
        }
        if (shown.filter(map::equals).isPresent()) {
            return;
        }
        shown = Optional.of(map);
        title.setText(NLS.bind(Messages.Disk_Title, map.vm(), Units.bytes(map.bytes())));
        strip.show(layout(map));
        var words = new DiskWords(map);
        shares.forEach((kind, label) -> label.setText(words.share(kind)));
    }

    private static DiskMapLayout<Place> layout(DiskMap map) {
        var spans = new ArrayList<DiskMapLayout.Span<Place>>();
        for (var range : map.ranges()) {
            // a range that is partly on the host is drawn in two parts of that size
            var local = Math.min(range.localBytes(), range.length());
            if (local > 0) {
                spans.add(new DiskMapLayout.Span<>(range.offset(), local, new Place(range.kind(), true)));
            }
            if (local < range.length()) {
                spans.add(new DiskMapLayout.Span<>(
                        range.offset() + local, range.length() - local, new Place(range.kind(), false)));
            }
        }
        return new DiskMapLayout<>(spans, map.bytes());
    }
}
