package org.triplel.agent.simulated;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.agent.api.Writes;

/** A guest that reads its base image to boot, and then writes a little. */
final class SimulatedVm {

    private static final long MIB = 1L << 20;
    private static final int REQUEST = 32 * 1024;

    /** From this part of 256 on the disk is a swap partition. */
    private static final long SWAP_SLOT = 232;

    private record Key(RequestClass requestClass, Direction direction, Side side) {}

    private record Count(long requests, long bytes) {}

    private final Map<Key, Count> counters = new LinkedHashMap<>();
    private final Map<DiskMap.Kind, Long> written = new EnumMap<>(DiskMap.Kind.class);
    private final StringBuilder console = new StringBuilder();
    private final long bootBytes;
    private long attachment;
    private long read;
    private long runMillis;
    private long homeMillis;
    private long behindBytes;
    private long behindMillis;
    private boolean held;
    private Vm vm;

    SimulatedVm(Vm vm, long bootBytes) {
        this.vm = vm;
        this.bootBytes = bootBytes;
    }

    Vm vm() {
        return vm;
    }

    boolean attached() {
        return attached(vm.state());
    }

    private static boolean attached(VmState state) {
        return state == VmState.RUNNING || state == VmState.STOPPING;
    }

    boolean booting() {
        return attached() && read < bootBytes;
    }

    void start(long nowMillis, long attachmentNow) {
        attachment = attachmentNow;
        counters.clear();
        console.setLength(0);
        read = 0;
        runMillis = 0;
        homeMillis = 0;
        behindBytes = 0;
        behindMillis = 0;
        print("Linux version 6.1.0 (" + vm.name() + ")\n");
        change(VmState.RUNNING, nowMillis, -1, "");
    }

    void stop(VmState state, String problem) {
        change(state, vm.startedAtMillis(), -1, problem);
    }

    void reset() {
        written.clear();
    }

    /** If what it writes is held, what is here does not come home either. */
    void place(Placement placement) {
        place(placement, vm.changing() || attached() && held, vm.journalDisk());
    }

    void journalDisk(JournalDisk disk) {
        place(vm.placement(), vm.changing(), disk);
    }

    private void place(Placement placement, boolean changing, JournalDisk disk) {
        vm = new Vm(
                vm.name(),
                vm.host(),
                vm.state(),
                vm.base(),
                vm.baseVersion(),
                vm.diskBytes(),
                vm.memoryMiB(),
                placement,
                changing,
                disk,
                vm.startedAtMillis(),
                vm.readyAfterMillis(),
                vm.recovery(),
                vm.problem(),
                vm.remark());
    }

    private void change(VmState state, long startedAt, long readyAfter, String problem) {
        vm = new Vm(
                vm.name(),
                vm.host(),
                state,
                vm.base(),
                vm.baseVersion(),
                vm.diskBytes(),
                vm.memoryMiB(),
                vm.placement(),
                attached(state) && vm.changing(),
                vm.journalDisk(),
                startedAt,
                readyAfter,
                vm.recovery(),
                problem,
                vm.remark());
    }

    /** Says how far its recovery is. */
    void recover(RecoveryStage stage, String problem) {
        say(stage, problem, vm.remark());
    }

    /** Says why not all is where it is placed. */
    void remark(String remark) {
        say(vm.recovery(), vm.problem(), remark);
    }

    private void say(RecoveryStage stage, String problem, String remark) {
        vm = new Vm(
                vm.name(),
                vm.host(),
                vm.state(),
                vm.base(),
                vm.baseVersion(),
                vm.diskBytes(),
                vm.memoryMiB(),
                vm.placement(),
                vm.changing(),
                vm.journalDisk(),
                vm.startedAtMillis(),
                vm.readyAfterMillis(),
                stage,
                problem,
                remark);
    }

    /**
     * Lets time pass.
     *
     * @return whether the VM's state changed
     */
    boolean advance(long millis, SimulatedReplica replica, SimulatedNas nas, double share, RandomGenerator random) {
        if (!attached()) {
            return false;
        }
        runMillis += millis;
        if (vm.state() == VmState.STOPPING) {
            print("reboot: Power down\n");
            stop(VmState.STOPPED, "");
            return true;
        }
        if (booting()) {
            return boot(millis, replica, nas, share);
        }
        var bytes = (long) (millis / 1000.0 * MIB * (0.4 + random.nextDouble()));
        if (vm.placement().writes() == Writes.BEHIND) {
            writeBehind(bytes, millis, nas, share);
        } else {
            count(RequestClass.PRIVATE, Direction.WRITE, Side.NAS, nas.take(bytes, share));
            count(RequestClass.BASE_REWRITE, Direction.WRITE, Side.NAS, nas.take(bytes / 4, share));
            count(RequestClass.JOURNAL, Direction.WRITE, vm.placement().journal(), bytes / 5);
        }
        count(RequestClass.BASE_COPY, Direction.READ, vm.placement().base(), bytes / 3);
        count(RequestClass.BASE, Direction.READ, usesReplica() ? replica.side() : Side.NAS, bytes / 2);
        count(RequestClass.SWAP, Direction.WRITE, vm.placement().swap(), bytes / 2);
        counters.merge(new Key(RequestClass.PRIVATE, Direction.FLUSH, Side.NAS), new Count(2, 0), SimulatedVm::plus);
        written.merge(DiskMap.Kind.PRIVATE, bytes, Long::sum);
        written.merge(DiskMap.Kind.REWRITTEN, bytes / 4, Long::sum);
        return false;
    }

    /** A part is sent on four times in the time of the bound. While it is held, the guest waits when the bound is full. */
    private void writeBehind(long bytes, long millis, SimulatedNas nas, double share) {
        behindMillis += millis;
        var room = vm.placement().rpoMebibytes() * MIB - behindBytes;
        var written = Math.min(room, bytes + bytes / 4 + bytes / 5);
        count(RequestClass.PRIVATE, Direction.WRITE, Side.LOCAL, Math.min(written, bytes));
        count(RequestClass.BASE_REWRITE, Direction.WRITE, Side.LOCAL, Math.min(written, bytes / 4));
        count(RequestClass.JOURNAL, Direction.WRITE, Side.LOCAL, Math.min(written, bytes / 5));
        behindBytes += written;
        if (!held && behindMillis * 4 >= vm.placement().rpoSeconds() * 1000L) {
            count(RequestClass.DRAIN, Direction.WRITE, Side.NAS, nas.take(behindBytes - written, share));
            behindBytes = written;
            behindMillis = millis;
        }
    }

    /** Has nothing be sent on to the NAS, as if that were slow. */
    void hold(boolean on) {
        held = on;
        place(vm.placement(), vm.changing() && on, vm.journalDisk());
    }

    private boolean boot(long millis, SimulatedReplica replica, SimulatedNas nas, double share) {
        var wanted = Math.min(bootBytes - read, millis * 48 * MIB / 1000);
        var fromReplica = usesReplica() ? replica.serve(read, wanted) : 0;
        count(RequestClass.BASE, Direction.READ, Side.LOCAL, fromReplica);
        var fromNas = nas.take(wanted - fromReplica, share);
        count(RequestClass.BASE, Direction.READ, Side.NAS, fromNas);
        if (usesReplica()) {
            replica.filled(read + fromReplica + fromNas);
        }
        read += fromReplica + fromNas;
        print(String.format(
                "[%9.6f] systemd[1]: Started unit %d of %d.%n", runMillis / 1000.0, read * 40 / bootBytes, 40));
        if (read < bootBytes) {
            return false;
        }
        print("\nDebian GNU/Linux 12 " + vm.name() + " ttyS0\n\n" + vm.name() + " login: ");
        change(VmState.RUNNING, vm.startedAtMillis(), runMillis, "");
        return true;
    }

    private boolean usesReplica() {
        return vm.placement().base() == Side.LOCAL;
    }

    private static Count plus(Count a, Count b) {
        return new Count(a.requests + b.requests, a.bytes + b.bytes);
    }

    private void count(RequestClass requestClass, Direction direction, Side side, long bytes) {
        if (bytes > 0) {
            var count = new Count((bytes + REQUEST - 1) / REQUEST, bytes);
            counters.merge(new Key(requestClass, direction, side), count, SimulatedVm::plus);
        }
    }

    DiskTraffic traffic() {
        return new DiskTraffic(
                vm.name(),
                attachment,
                counters.entrySet().stream().map(SimulatedVm::counter).toList(),
                exposure());
    }

    private Exposure exposure() {
        if (vm.state() != VmState.RUNNING) {
            return Exposure.NONE;
        }
        return switch (vm.placement().writes()) {
            case THROUGH -> Exposure.NONE;
            case BEHIND -> new Exposure(behindBytes, behindMillis);
            case LOG_SPLIT -> journalExposure();
        };
    }

    /** The guest's file system checkpoints twice a minute, and its journal is as large as the lab's. */
    private Exposure journalExposure() {
        var since = runMillis - homeMillis;
        return new Exposure(Math.min(64 * MIB, 12 * 1024 + since * 200), since % 30_000);
    }

    /** A checkpoint. */
    void bringHome() {
        homeMillis = runMillis;
        behindBytes = 0;
        behindMillis = 0;
    }

    private static TrafficCounter counter(Map.Entry<Key, Count> entry) {
        var key = entry.getKey();
        var local = key.side == Side.LOCAL;
        return new TrafficCounter(
                key.requestClass,
                key.direction,
                key.side,
                entry.getValue().requests,
                entry.getValue().bytes,
                local ? 90 : 2_300,
                local ? 410 : 9_800,
                local ? 900 : 31_000);
    }

    DiskMap diskMap(SimulatedReplica replica) {
        var ranges = new ArrayList<DiskMap.Range>();
        var step = vm.diskBytes() / 256;
        var rewritten = written.getOrDefault(DiskMap.Kind.REWRITTEN, 0L);
        var own = written.getOrDefault(DiskMap.Kind.PRIVATE, 0L);
        for (var slot = 0L; slot < 256; slot++) {
            var offset = slot * step;
            var kind = kind(slot, rewritten / step, own / step);
            var local =
                    switch (kind) {
                        case BASE -> usesReplica() ? Math.clamp(replica.verifiedBytes() - offset, 0, step) : 0;
                        case SWAP -> vm.placement().swap() == Side.LOCAL ? step / 3 : 0;
                        default -> 0;
                    };
            ranges.add(new DiskMap.Range(offset, slot == 255 ? vm.diskBytes() - offset : step, kind, local));
        }
        var notes = List.of(
                new DiskMap.Note(0, SWAP_SLOT * step, false, "ext4 in partition 1: has no journal"),
                new DiskMap.Note(
                        SWAP_SLOT * step,
                        vm.diskBytes() - SWAP_SLOT * step,
                        true,
                        "swap in partition 2, pages of 4 KiB"));
        return new DiskMap(vm.name(), vm.diskBytes(), List.copyOf(ranges), notes);
    }

    private static DiskMap.Kind kind(long slot, long rewritten, long own) {
        if (slot < 118) {
            return slot % 13 == 5 && slot / 13 <= rewritten ? DiskMap.Kind.REWRITTEN : DiskMap.Kind.BASE;
        }
        if (slot < 118 + Math.min(90, 3 + own)) {
            return DiskMap.Kind.PRIVATE;
        }
        if (slot >= SWAP_SLOT) {
            return DiskMap.Kind.SWAP;
        }
        return slot > 190 && slot < 206 ? DiskMap.Kind.BASE : DiskMap.Kind.UNUSED;
    }

    void print(String text) {
        console.append(text);
    }

    String console() {
        return console.toString();
    }
}
