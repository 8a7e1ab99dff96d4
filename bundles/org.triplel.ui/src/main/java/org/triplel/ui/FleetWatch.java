package org.triplel.ui;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.swt.widgets.Display;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Fleet;
import org.triplel.cluster.TrafficScope;

/**
 * Brings what is known of the fleet to the views, as snapshots, at a bounded rate: a thread of its own takes a snapshot when
 * something changed, or a second has passed, and the UI thread hands it to all views at once. While the UI thread is busy,
 * no further snapshot is taken.
 */
public final class FleetWatch implements AutoCloseable {

    private static final long AT_LEAST_EVERY_MILLIS = 1_000;

    private final Fleet fleet;
    private final Display display;
    private final InstantSource clock;
    private final Supplier<Duration> period;
    private final ScheduledExecutorService background;
    private final Fleet.Subscription subscription;
    private final List<Consumer<FleetSnapshot>> views = new CopyOnWriteArrayList<>();
    private final AtomicBoolean changed = new AtomicBoolean(true);
    private final AtomicBoolean underWay = new AtomicBoolean();
    private final Map<String, Promise> promises = new HashMap<>();
    private volatile FleetSnapshot newest;

    /** What is promised for a VM, and since when; what was before is not held against it. */
    private record Promise(Placement placement, long sinceSecond) {}

    /**
     * @param period asked anew before each snapshot: the shortest time between two
     */
    public FleetWatch(Fleet fleet, Display display, InstantSource clock, Supplier<Duration> period) {
        this.fleet = fleet;
        this.display = display;
        this.clock = clock;
        this.period = period;
        var executor = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("fleet watch").factory());
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        background = executor;
        newest = snapshot();
        subscription = fleet.onChange(() -> changed.set(true));
        next();
    }

    private void next() {
        background.schedule(this::tick, period.get().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void tick() {
        try {
            var aged = clock.millis() - newest.atMillis() >= AT_LEAST_EVERY_MILLIS;
            if ((changed.get() || aged) && !display.isDisposed() && underWay.compareAndSet(false, true)) {
                changed.set(false);
                newest = snapshot();
                display.asyncExec(this::deliver);
            }
        } finally {
            next();
        }
    }

    private FleetSnapshot snapshot() {
        var inventory = fleet.inventory();
        var loads = new HashMap<String, VmLoad>();
        var rpos = new HashMap<String, Rpo>();
        var end = fleet.traffic().newestSecond();
        inventory.vms().forEach(vm -> {
            var scope = new TrafficScope.Vms(new TreeSet<>(List.of(vm.name())));
            var buckets = fleet.traffic().query(scope, end, VmLoad.SECONDS_PER_VALUE, VmLoad.VALUES);
            if (!buckets.amounts().isEmpty()) {
                loads.put(vm.name(), VmLoad.of(buckets));
            }
            rpos.put(vm.name(), rpo(vm));
        });
        promises.keySet().retainAll(rpos.keySet());
        return new FleetSnapshot(clock.millis(), inventory, loads, rpos);
    }

    private Rpo rpo(Vm vm) {
        var promise = promises.compute(vm.name(), (name, known) -> {
            if (known == null) {
                return new Promise(vm.placement(), 0);
            }
            return known.placement.promisesAs(vm.placement())
                    ? known
                    : new Promise(vm.placement(), clock.millis() / 1000);
        });
        var traffic = fleet.traffic();
        return new Rpo(
                vm.placement(), traffic.exposure(vm.name()), traffic.worstExposure(vm.name(), promise.sinceSecond));
    }

    private void deliver() {
        underWay.set(false);
        views.forEach(view -> view.accept(newest));
    }

    /** What was taken last. */
    public FleetSnapshot newest() {
        return newest;
    }

    /**
     * Gives a view every snapshot from now on, starting with the newest, on the UI thread. Must be called by the UI thread;
     * close the result when the view is disposed.
     */
    public Fleet.Subscription watch(Consumer<FleetSnapshot> view) {
        views.add(view);
        view.accept(newest);
        return () -> views.remove(view);
    }

    /** Runs what takes long for the views: queries and drawing. */
    public Executor background() {
        return background;
    }

    public Fleet fleet() {
        return fleet;
    }

    @Override
    public void close() {
        subscription.close();
        background.shutdown();
    }
}
