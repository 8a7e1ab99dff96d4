package org.triplel.ui.fleet;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.ui.commands.ICommandService;
import org.eclipse.ui.handlers.RegistryToggleState;
import org.triplel.agent.api.Exposure;
import org.triplel.cluster.Host;
import org.triplel.ui.Commands;
import org.triplel.ui.FleetElement;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.Icon;
import org.triplel.ui.Offer;
import org.triplel.ui.Rpo;
import org.triplel.ui.VmLoad;
import org.triplel.ui.charts.Alarm;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.Sparkline;
import org.triplel.ui.charts.Units;
import org.triplel.ui.fleet.ColumnTable.Column;
import org.triplel.ui.vm.VmView;

/** All VMs of the fleet as a table. */
public final class VmsView extends TableViewPart<VmRow> {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.vms";

    private static final int BAR_WIDTH = 52;
    private static final int EXPOSURE_WIDTH = 112;
    private static final int SWAP_WIDTH = 136;

    private List<String> states = List.of();

    public VmsView() {
        super(Messages.Vms_Title);
    }

    @Override
    Object identity(VmRow row) {
        return new FleetElement.Machine(row.vm().name());
    }

    @Override
    void created(ColumnTable<VmRow> table) {
        table.onOpen(element -> VmView.open(getSite().getPage(), ((FleetElement.Machine) element).name()));
        table.sortBy("name");
    }

    @Override
    List<Column<VmRow>> columns() {
        return List.of(
                Column.<VmRow>text("state", Messages.Vms_State, 84, row -> Icon.words(row.vm(), row.host()))
                        .with(row -> Icon.of(row.vm(), row.host())),
                Column.text("name", Messages.Vms_Name, 80, row -> row.vm().name()),
                Column.text("host", Messages.Vms_Host, 74, row -> row.vm().host()),
                Column.<VmRow>number(
                                "share",
                                Messages.Vms_LocalShare,
                                118,
                                row -> share(row.load()),
                                Comparator.comparingDouble(row -> row.load().localShare()))
                        .with(VmsView::paintShare),
                Column.number(
                        "io",
                        Messages.Vms_Io,
                        84,
                        row -> Units.rate(row.load().now()),
                        Comparator.comparingDouble(row -> row.load().now())),
                Column.number(
                        "nas",
                        Messages.Vms_Nas,
                        84,
                        row -> Units.rate(row.load().nasNow()),
                        Comparator.comparingDouble(row -> row.load().nasNow())),
                Column.<VmRow>number(
                                "exposure",
                                Messages.Vms_Exposure,
                                BAR_WIDTH + EXPOSURE_WIDTH,
                                VmsView::exposure,
                                exposure(Rpo::now))
                        .with(VmsView::paintRpo)
                        .explained(Messages.Vms_ExposureTip),
                new Column<>(
                        "minute",
                        Messages.Vms_Minute,
                        92,
                        false,
                        row -> "",
                        Comparator.<VmRow>comparingDouble(row -> row.load().now()),
                        row -> Optional.empty(),
                        Optional.of(VmsView::paintMinute),
                        ""),
                Column.text("why", Messages.Vms_WhyNot, 206, VmRow::whyNot),
                Column.<VmRow>number(
                                "rpo",
                                Messages.Vms_Rpo,
                                150,
                                row -> row.rpo().shareOfPromise(),
                                Comparator.comparing(VmRow::rpo, Rpo::compareByShare))
                        .explained(Messages.Vms_RpoTip),
                Column.<VmRow>number(
                                "worst",
                                Messages.Vms_Worst,
                                EXPOSURE_WIDTH,
                                row -> Rpo.columnWords(row.rpo().worst()),
                                exposure(Rpo::worst))
                        .explained(Messages.Vms_WorstTip),
                Column.<VmRow>number(
                                "swap",
                                Messages.Vms_Swap,
                                SWAP_WIDTH,
                                VmsView::swap,
                                Comparator.comparingLong(row -> row.swap().bytesPerSecond()))
                        .explained(Messages.Vms_SwapTip),
                Column.text(
                        "base",
                        Messages.Vms_Base,
                        100,
                        row -> row.vm().base() + " v" + row.vm().baseVersion()),
                Column.number(
                        "boot",
                        Messages.Vms_Boot,
                        82,
                        row -> row.vm().ready() ? Units.duration(row.vm().readyAfterMillis()) : Units.NONE,
                        Comparator.comparingLong(row -> row.vm().readyAfterMillis())));
    }

    private static String share(VmLoad load) {
        return load.localShare() < 0 ? Units.NONE : Units.percent(load.localShare());
    }

    private static String swap(VmRow row) {
        var rate = Units.rate(row.swap().bytesPerSecond());
        return row.wantsMemory() ? NLS.bind(Messages.Vms_SwapAndMore, rate) : rate;
    }

    private static String exposure(VmRow row) {
        var words = Rpo.columnWords(row.rpo().now());
        if (!row.vm().changing()) {
            return words;
        }
        return row.rpo().now().none() ? Messages.Vms_Changing : NLS.bind(Messages.Vms_ExposureChanging, words);
    }

    private static Comparator<VmRow> exposure(Function<Rpo, Exposure> which) {
        return Comparator.<VmRow>comparingLong(row -> which.apply(row.rpo()).bytes())
                .thenComparingLong(row -> which.apply(row.rpo()).ageMillis());
    }

    private static void paintShare(GC gc, Rectangle area, VmRow row, Palette palette) {
        if (row.load().localShare() >= 0) {
            var bar = new Rectangle(area.x, area.y + 2, Math.min(BAR_WIDTH, area.width), area.height - 4);
            new Sparkline(palette).share(gc, bar, row.load().localShare(), new ClassColors(palette).local());
        }
    }

    private static void paintRpo(GC gc, Rectangle area, VmRow row, Palette palette) {
        if (row.rpo().promised()) {
            var bar = new Rectangle(area.x, area.y + 2, Math.min(BAR_WIDTH, area.width), area.height - 4);
            new Sparkline(palette).limit(gc, bar, row.rpo().share());
        }
    }

    private static void paintMinute(GC gc, Rectangle area, VmRow row, Palette palette) {
        new Sparkline(palette).traffic(gc, area, row.load().local(), row.load().nas());
    }

    void filterChanged() {
        refresh();
    }

    private static boolean aboveHalf(VmRow row) {
        return row.rpo().alarm() != Alarm.NONE;
    }

    private boolean aboveHalfOnly() {
        var command = getSite().getService(ICommandService.class).getCommand(Commands.ABOVE_HALF);
        return Boolean.TRUE.equals(
                command.getState(RegistryToggleState.STATE_ID).getValue());
    }

    @Override
    protected Optional<Offer> offer(FleetSnapshot snapshot) {
        var inventory = snapshot.inventory();
        return inventory.hosts().stream().anyMatch(Host::connected)
                        && inventory.vms().findAny().isEmpty()
                ? Optional.of(new Offer(Messages.Vms_New, Commands.NEW_VM))
                : super.offer(snapshot);
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        var rows = new ArrayList<VmRow>();
        for (var host : snapshot.inventory().hosts()) {
            for (var vm : host.vms()) {
                rows.add(new VmRow(
                        vm,
                        host,
                        snapshot.load(vm.name()),
                        snapshot.rpo(vm.name()),
                        watch().fleet().traffic().memory(vm.name()),
                        WhyNot.of(vm, host, snapshot.atMillis())));
            }
        }
        var shown = aboveHalfOnly() ? rows.stream().filter(VmsView::aboveHalf).toList() : rows;
        table().setRows(shown);
        var now = rows.stream()
                .map(row -> row.vm().name() + row.vm().state() + row.vm().placement())
                .toList();
        if (!now.equals(states)) {
            // what commands apply to depends on the VMs' states, and on what may be lost of them
            states = now;
            table().fireSelection();
        }
        if (!shown.isEmpty()) {
            return "";
        }
        if (!rows.isEmpty()) {
            var promised = rows.stream().filter(row -> row.rpo().promised()).count();
            return NLS.bind(Messages.Vms_NoneAboveHalf, rows.size(), promised);
        }
        var hosts = snapshot.inventory().hosts();
        if (hosts.isEmpty()) {
            return Messages.Vms_NoHosts;
        }
        var reasons = hosts.stream()
                .flatMap(host -> host.link() instanceof Host.Lost lost
                        ? Stream.of(host.name() + ": " + lost.reason())
                        : Stream.empty())
                .toList();
        return reasons.size() == hosts.size()
                ? NLS.bind(Messages.Vms_AllLost, String.join(System.lineSeparator(), reasons))
                : Messages.Vms_None;
    }
}
