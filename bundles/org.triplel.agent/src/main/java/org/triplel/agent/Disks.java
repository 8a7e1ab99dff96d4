package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.VmExposure;
import org.triplel.block.BlockDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.qemu.ImageLocation;
import org.triplel.block.qemu.StorageDaemon;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainPlacement.Writes;
import org.triplel.replica.BaseTraffic;
import org.triplel.router.AbsentJournalException;
import org.triplel.router.DiskMetrics;
import org.triplel.router.Placement;
import org.triplel.router.RequestClass;
import org.triplel.router.RoutedDisk;
import org.triplel.router.Rpo;
import org.triplel.router.SendRate;
import org.triplel.router.Side;

/**
 * The disks that are attached on this host, and the sockets on which they are served to QEMU and their base images to the
 * image daemons: two, because QEMU is hung up on first, while the daemons still need the base to end what they do. Calls for different VMs may
 * run at once, those for one VM one after the other; attaching and detaching block for as long as the NAS does.
 */
final class Disks implements VmDisks, AutoCloseable {

    private static final String PLACEMENT = "Storage placement";

    /** Of a disk that is only attached to bring home what is here. */
    private static final DomainPlacement NOTHING_MORE = new DomainPlacement(true, false, Writes.THROUGH);

    private static final System.Logger LOG = System.getLogger(Disks.class.getName());

    /** The daemon's base is this process: it waits for the next agent rather than fail. */
    private static final Duration AGENT_RESTART = Duration.ofDays(1);

    private final String host;
    private final StateFolder state;
    private final Nas nas;
    private final ReplicaStore replicas;
    private final SendRate sendRate;
    private final EventLog events;
    private final JournalDisks journalDisks;
    private final Spools spools;
    private final ExportMap disks = new ExportMap();
    private final ExportMap bases = new ExportMap();
    private final NbdServer diskServer;
    private final NbdServer baseServer;
    private final Map<String, AttachedDisk> attached = new ConcurrentSkipListMap<>();

    /** How many moves to where it is placed are under way, if any are. */
    private final Map<AttachedDisk, Integer> moves = new ConcurrentHashMap<>();

    /** Those whose guest is off, on their way to the NAS. */
    private final Map<String, AttachedDisk> leaving = new ConcurrentHashMap<>();

    /** By VM, what is here of those that are not attached. */
    private final Map<String, Remainder> left = new ConcurrentHashMap<>();

    /**
     * Nothing is attached yet.
     *
     * @param host the name of this host
     * @param routerSocket where QEMU finds the disks
     * @param journalDisks of its VMs
     */
    Disks(
            String host,
            StateFolder state,
            Path routerSocket,
            Nas nas,
            ReplicaStore replicas,
            SendRate sendRate,
            EventLog events,
            JournalDisks journalDisks)
            throws IOException {
        this.host = host;
        this.state = state;
        this.nas = nas;
        this.replicas = replicas;
        this.sendRate = sendRate;
        this.events = events;
        this.journalDisks = journalDisks;
        this.spools = new Spools(state.spools(), nas, events);
        for (var record : leftAttached()) { // until it is attached nobody can say more
            left.put(record.vm(), Remainder.of("", HostFiles.exposure(state, record.vm())));
        }
        for (var vm : journalDisks.withJournal()) {
            left.merge(vm, Remainder.of("", journalDisks.exposure(vm)), Remainder::and);
        }
        this.baseServer = new NbdServer(state.baseSocket(), bases, Clients.MANY);
        try {
            this.diskServer = new NbdServer(routerSocket, disks, Clients.ONE);
        } catch (IOException e) {
            baseServer.close();
            throw e;
        }
    }

    /** The name under which QEMU finds a VM's disk. */
    static String export(String vm) {
        return vm + "/vda";
    }

    /** The name under which others may look at it. */
    static String readOnlyExport(String vm) {
        return export(vm) + "/ro";
    }

    /** The disks that an earlier agent left attached. */
    List<DiskRecord> leftAttached() throws IOException {
        var records = new ArrayList<DiskRecord>();
        try (var files = Files.newDirectoryStream(state.disks(), "[!.]*")) {
            for (var file : files) {
                try {
                    var vm = state.disks().relativize(file).toString();
                    records.add(DiskRecord.read(state.disks(), vm));
                } catch (IOException e) {
                    LOG.log(Level.ERROR, "disk left attached", e);
                }
            }
        }
        return records;
    }

    Optional<AttachedDisk> find(String vm) {
        return Optional.ofNullable(attached.get(vm));
    }

    private Collection<AttachedDisk> all() {
        var all = new TreeMap<>(leaving);
        all.putAll(attached);
        return all.values();
    }

    /** The counters of those that are attached, or on their way to the NAS; latencies since the last call. One caller, once a second. */
    List<DiskTraffic> traffic() {
        return all().stream().map(AttachedDisk::traffic).toList();
    }

    /** What would be lost with this host now of VMs whose disk is not attached. */
    List<VmExposure> leftHere() {
        return left.entrySet().stream()
                .filter(each -> !attached.containsKey(each.getKey()) && !leaving.containsKey(each.getKey()))
                .map(each -> new VmExposure(each.getKey(), each.getValue().exposure()))
                .filter(each -> !each.exposure().none())
                .toList();
    }

    /** What would be lost with this host now of all VMs. Reads a few blocks of this host's disk. */
    List<VmExposure> exposures() {
        return Stream.concat(
                        all().stream().map(disk -> new VmExposure(disk.vm().vm(), disk.exposure())),
                        leftHere().stream())
                .toList();
    }

    private interface Undo {
        void run() throws IOException;
    }

    @Override
    public void attach(DiskRecord vm, Guest guest) throws AgentException {
        var placement = vm.placement().orElse(DomainPlacement.DEFAULT);
        attach(vm, guest, placement);
        var disk = find(vm.vm());
        if (disk.isPresent() && !disk.get().disk().isPlaced()) {
            move(vm.vm(), disk.get()); // it could not be brought home before
        }
    }

    private void attach(DiskRecord vm, Guest guest, DomainPlacement placement) throws AgentException {
        if (attached.containsKey(vm.vm())) {
            return;
        }
        var replica = replicas.open(vm.base());
        var step = "noting that it is attached";
        Deque<Undo> done = new ArrayDeque<>();
        try {
            boolean known = Files.exists(state.disks().resolve(vm.vm()));
            if (!known) {
                done.push(() -> Files.deleteIfExists(state.disks().resolve(vm.vm())));
            }
            if (!known || guest == Guest.OFF) {
                vm.write(state.disks());
            }
            boolean split = DiskRecord.read(state.disks(), vm.vm()).placement().isPresent();

            step = "opening its journal and swap disks";
            if (guest == Guest.LIVES || guest == Guest.UNKNOWN) { // started by somebody else, or begun before
                journalDisks.refuseIfInTheMiddle(vm.vm());
            }
            journalDisks.claims().expect(vm);
            if (guest == Guest.OFF) {
                journalDisks.renewSwap(vm.vm());
            }
            var metrics = new DiskMetrics();
            var locals = journalDisks.open(vm, metrics);
            locals.forEach(each -> done.push(each::close));

            step = "offering the base image to the image daemon";
            var replicaUsed = new AtomicBoolean(placement.baseOnHost());
            bases.add(vm.vm(), replica.view(replicaUsed::get, count(metrics, RequestClass.BASE_COPY)));
            done.push(() -> bases.remove(vm.vm()));

            step = "opening the spool";
            var daemon = daemon(vm);
            boolean trusted = guest == Guest.LIVES || daemon.isAlive() || spools.untouched(vm);
            if (guest == Guest.UNKNOWN && split && !trusted) {
                throw AgentException.conflict(
                        "The disk of " + vm.vm()
                                + " waits for the hypervisor: whether what lies on this host belongs to it"
                                + " depends on whether the guest runs.",
                        "");
            }
            if (HostFiles.expectBehind(host, state, nas, vm, trusted) && !split) {
                throw new IOException("what it wrote last is here, but it is attached without it");
            }
            var spool = spools.open(
                    vm,
                    guest == Guest.SAVED ? Guest.OFF : guest,
                    daemon,
                    () -> HostFiles.forgetUnflushed(state, vm.vm()));
            done.push(() -> {
                var left = !spool.isEmpty();
                spool.close();
                if (left && !daemon.isAlive()) {
                    spools.noteOverlay(vm);
                }
            });

            step = "noting that it is opened with its journal disk";
            done.push(() -> {
                if (!daemon.isAlive()) {
                    journalDisks.claims().closed(vm);
                }
            });
            journalDisks.claims().opening(vm);

            step = "opening " + vm.overlay() + " in an image daemon";
            done.push(daemon::close);
            var image = nas.identity(vm.overlay());
            var disk = new RoutedDisk(
                    export(vm.vm()),
                    replica.view(replicaUsed::get, count(metrics, RequestClass.BASE)),
                    daemon,
                    spool,
                    split
                            ? Optional.of(new HostFiles(host, state, nas, vm, guest, image, trusted, sendRate, events))
                            : Optional.empty(),
                    placement(placement),
                    metrics);
            if (guest == Guest.OFF) {
                disk.dropSwap();
            }

            var attachment = System.currentTimeMillis();
            attached.put(
                    vm.vm(),
                    new AttachedDisk(
                            disk.split() ? vm : vm.unsplit(),
                            attachment,
                            replica,
                            replicaUsed,
                            daemon,
                            disk,
                            locals,
                            metrics));
            locals.forEach(each -> disks.add(each.export(), each));
            disks.add(export(vm.vm()), disk);
            disks.add(readOnlyExport(vm.vm()), new ReadOnlyDisk(disk));
            done.clear();
            left.remove(vm.vm());
            LOG.log(Level.INFO, "{0}: disk attached", vm.vm());
        } catch (ElsewhereException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    "The disk of " + vm.vm() + " cannot be attached: " + e.getMessage() + ".",
                    (e.host().equals(host)
                                    ? "If it cannot be had"
                                    : "Start the agent of " + e.host()
                                            + ", which brings it home. If that host is lost for good")
                            + ", recover the VM with what could be saved of it: Recover VM..., or triplel vm recover "
                            + vm.vm() + " --host " + e.host()
                            + ". Or give up what it wrote last: triplel vm give-up " + vm.vm() + " --host " + e.host()
                            + ". Its disk is then as after a power cut a short time before.",
                    e);
        } catch (JournalElsewhereException e) {
            if (guest == Guest.OFF) {
                letGo(vm);
            }
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    "The disk of " + vm.vm() + " cannot be attached: " + e.getMessage() + ".",
                    (e.host().equals(host)
                                    ? "Put back what was exchanged. If it cannot be had"
                                    : "Start the VM on " + e.host()
                                            + ", or take its journal disk away there: triplel vm journal-disk "
                                            + vm.vm()
                                            + " --back. If that host is lost for good, or what it had")
                            + ", recover the VM: Recover VM..., or triplel vm recover " + vm.vm() + " --host "
                            + e.host() + ".",
                    e);
        } catch (AbsentJournalException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    "The disk of " + vm.vm() + " cannot be attached: " + e.getMessage() + ".",
                    (e.host().equals(host)
                                    ? "What " + host + " has of it does not fit. If it cannot be had"
                                    : "Start the agent of " + e.host()
                                            + ", which brings it home, or start the VM there. If that host is lost for good")
                            + ", recover the VM: Recover VM..., or triplel vm recover " + vm.vm() + " --host "
                            + e.host() + ".",
                    e);
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "The disk of " + vm.vm() + " cannot be attached, " + step + " failed: " + Failures.describe(e)
                            + ".",
                    "Check the NAS (" + nas + ") and the disk of this host.",
                    e);
        } finally {
            undo(vm, done);
        }
    }

    /** Nobody goes on with the overlay without its journal, so it must not be open when it is to be recovered. */
    private void letGo(DiskRecord vm) {
        try {
            var daemon = daemon(vm);
            if (daemon.isAlive()) {
                daemon.close();
                spools.noteOverlay(vm);
            }
        } catch (IOException e) { // whoever wants to recover it is told that it is open
            LOG.log(Level.WARNING, vm.vm() + ": end of its image daemon", e);
        }
    }

    private static Placement placement(DomainPlacement chosen) {
        var swap = chosen.swapOnHost() ? Side.LOCAL : Side.NAS;
        return switch (chosen.writes()) {
            case Writes.Through _ -> new Placement(swap, Side.NAS);
            case Writes.JournalOnHost _ -> new Placement(swap, Side.LOCAL);
            case Writes.Behind behind -> new Placement(swap, Side.NAS, Optional.of(rpo(behind)));
        };
    }

    private static Rpo rpo(Writes.Behind behind) {
        return new Rpo(Duration.ofSeconds(behind.seconds()), (long) behind.mebibytes() << 20);
    }

    private StorageDaemon daemon(DiskRecord vm) throws IOException {
        var base = new ImageLocation.NbdExport(state.baseSocket(), vm.vm(), AGENT_RESTART);
        return new StorageDaemon(vm.vm(), state.daemons(), nas.overlay(vm.overlay()), base);
    }

    private static void undo(DiskRecord vm, Deque<Undo> done) {
        for (var undo : done) {
            try {
                undo.run();
            } catch (IOException e) {
                LOG.log(Level.WARNING, vm.vm() + ": undoing a failed attach", e);
            }
        }
    }

    private static BaseTraffic count(DiskMetrics metrics, RequestClass requestClass) {
        return new BaseTraffic() {
            @Override
            public void local(long bytes, long nanos) {
                metrics.record(requestClass, org.triplel.router.Direction.READ, Side.LOCAL, bytes, nanos);
            }

            @Override
            public void nas(long bytes, long nanos) {
                metrics.record(requestClass, org.triplel.router.Direction.READ, Side.NAS, bytes, nanos);
            }
        };
    }

    @Override
    public void place(String vm, DomainPlacement placement) throws AgentException {
        var disk = find(vm);
        if (disk.isEmpty()) {
            return;
        }
        try {
            disk.get().vm().placed(placement).write(state.disks());
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.LOCAL_DISK,
                    "The placement of " + vm + " cannot be noted: " + Failures.describe(e) + ".",
                    "Check the disk of this host.",
                    e);
        }
        disk.get().replicaUsed().set(placement.baseOnHost());
        disk.get().disk().place(placement(placement));
        move(vm, disk.get());
    }

    @Override
    public boolean changing(String vm) {
        return find(vm).filter(disk -> moves.containsKey(disk) || !disk.disk().isPlaced())
                .isPresent();
    }

    @Override
    public boolean keepsNoJournal(String vm) {
        return find(vm).filter(disk -> !disk.disk().hasTakeableJournal()).isPresent();
    }

    private void moveWrites(String vm, AttachedDisk disk) throws IOException {
        if (disk.disk().moveWrites()) {
            events.add(
                    Severity.INFO,
                    vm,
                    PLACEMENT,
                    disk.disk().writesBehind()
                            ? "From now on what it writes goes to the NAS a little later, within the bound."
                            : "All that it writes goes to the NAS at once now.");
        }
    }

    private void move(String vm, AttachedDisk disk) {
        moves.merge(disk, 1, Integer::sum);
        Thread.ofPlatform().daemon().name("placement of " + vm).start(() -> {
            try {
                if (disk.disk().writesBehind()) {
                    moveWrites(vm, disk); // if all is to be written through, swap need not go by the log
                }
                if (disk.disk().moveSwap()) {
                    events.add(Severity.INFO, vm, PLACEMENT, "What was swapped on this host is on the NAS now.");
                }
                moveWrites(vm, disk);
                if (disk.disk().moveJournals()) {
                    events.add(
                            Severity.INFO,
                            vm,
                            PLACEMENT,
                            "The journal is on " + (disk.disk().journalsHere() ? host : "the NAS") + " now.");
                }
                moveWrites(vm, disk); // the journal was in the way before
            } catch (IOException e) {
                if (attached.get(vm) != disk) { // the VM was stopped, and nothing has to move any more
                    return;
                }
                LOG.log(Level.ERROR, vm + ": " + PLACEMENT, e);
                events.add(
                        Severity.ERROR,
                        vm,
                        PLACEMENT,
                        "Not all is where it is placed: " + Failures.describe(e)
                                + ". Choose the placement again to try it again.");
            } finally {
                moves.computeIfPresent(disk, (_, under) -> under == 1 ? null : under - 1);
            }
        });
    }

    @Override
    public void detach(String vm, Guest guest) throws AgentException {
        try {
            if (!attached.containsKey(vm) && Files.exists(state.disks().resolve(vm))) {
                attach(DiskRecord.read(state.disks(), vm), guest, NOTHING_MORE);
            }
            var disk = attached.get(vm);
            if (disk == null) {
                return;
            }
            disks.remove(export(vm));
            disks.remove(readOnlyExport(vm));
            disk.locals().forEach(each -> disks.remove(each.export()));
            leaving.put(vm, disk);
            attached.remove(vm);
            try {
                if (guest == Guest.SAVED) {
                    disk.disk().bringAllHome();
                } else {
                    disk.disk().bringDiskHome();
                }
            } finally {
                left.put(vm, Remainder.of("", disk.exposure()));
                leaving.remove(vm);
                release(disk);
            }
            disk.daemon().close();
            journalDisks.claims().closed(disk.vm());
            bases.remove(vm);
            done(vm);
            LOG.log(Level.INFO, "{0}: disk detached", vm);
        } catch (IOException e) {
            throw unwritten(vm, Failures.describe(e) + ".", e);
        } catch (AgentException e) {
            throw unwritten(vm, e.error().what(), e);
        }
    }

    /** A daemon that is alive after a failed flush stays so: it shows the next attach that nobody else had the overlay. */
    private void release(AttachedDisk disk) throws IOException {
        try {
            disk.release();
        } catch (IOException e) {
            if (!disk.daemon().isAlive()) {
                spools.noteOverlay(disk.vm());
            }
            throw e;
        }
    }

    private AgentException unwritten(String vm, String why, Exception cause) {
        var failure = new AgentException(
                AgentError.Kind.NAS,
                "The disk of " + vm + " is not completely on the NAS: " + why,
                "Check the NAS, then bring " + vm + " home, or start it on this host: that writes what is missing.",
                cause);
        left.compute(
                vm, (_, known) -> Remainder.of(failure.getMessage(), known == null ? Exposure.NONE : known.exposure()));
        return failure;
    }

    @Override
    public void discard(DiskRecord vm) throws AgentException, IOException {
        refuseIfElsewhere(vm);
        journalDisks.givenUp().refuseIfElsewhere(vm);
        try {
            if (attached.containsKey(vm.vm())) {
                detach(vm.vm(), Guest.OFF);
            }
        } catch (AgentException e) {
            LOG.log(Level.WARNING, vm.vm() + ": what is not on the NAS is discarded", e);
        }
        try {
            daemon(vm).close();
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "The image daemon of " + vm.vm() + " cannot be ended, so " + vm.overlay() + " stays as it is: "
                            + Failures.describe(e) + ".",
                    "Check the NAS, then try again.",
                    e);
        }
        bases.remove(vm.vm());
        refuseIfInUse(vm);
        giveUp(vm);
        journalDisks.givenUp().discard(vm);
        spools.deleteAll(vm.vm());
        HostFiles.deleteSetAside(state, vm.vm());
        journalDisks.discard(vm);
        forget(vm.vm());
    }

    /** A definition that was left behind on this host must not cost another host's VM its disk. */
    private void refuseIfElsewhere(DiskRecord vm) throws AgentException {
        Optional<Claim> claim;
        try {
            claim = nas.claim(vm.overlay());
        } catch (IOException e) {
            throw notDiscarded(vm, e);
        }
        if (claim.filter(each -> !each.host().equals(host)).isPresent()) {
            var other = claim.get().host();
            throw AgentException.conflict(
                    vm.overlay() + " stays as it is: " + other + " has what " + vm.vm() + " wrote last.",
                    "Start the agent of " + other
                            + ", which brings it home. If that host is lost for good, give up what " + vm.vm()
                            + " wrote last: triplel vm give-up " + vm.vm() + " --host " + other
                            + ".");
        }
    }

    private void refuseIfInUse(DiskRecord vm) throws AgentException {
        Optional<String> use;
        try {
            use = nas.inUse(vm.overlay());
        } catch (IOException e) {
            throw notDiscarded(vm, e);
        }
        if (use.isPresent()) {
            throw AgentException.conflict(
                    vm.overlay() + " stays as it is: somebody else uses it. QEMU says: " + use.get(),
                    "See on which other host " + vm.vm() + " runs. If only its definition was left on " + host
                            + ", remove that: virsh undefine " + vm.vm() + ".");
        }
    }

    private AgentException notDiscarded(DiskRecord vm, IOException e) {
        return new AgentException(
                AgentError.Kind.NAS,
                vm.overlay() + " stays as it is: " + Failures.describe(e) + ".",
                "Check the NAS (" + nas + "), then try again.",
                e);
    }

    private void forget(String vm) throws IOException {
        left.remove(vm);
        done(vm);
    }

    /** All but what is on disks of this host is on the NAS. */
    private void done(String vm) throws IOException {
        spools.delete(vm);
        HostFiles.delete(state, vm);
        Files.deleteIfExists(state.disks().resolve(vm));
    }

    @Override
    public boolean giveUp(DiskRecord vm, String lostHost) throws AgentException {
        refuseUnlessLost(vm, lostHost);
        return giveUp(vm);
    }

    @Override
    public boolean giveUpJournal(DiskRecord vm, String lostHost) throws AgentException {
        return journalDisks.givenUp().giveUp(vm, lostHost);
    }

    private boolean giveUp(DiskRecord vm) throws AgentException {
        try {
            return nas.dropClaim(vm.overlay());
        } catch (IOException e) {
            throw notGivenUp(vm, e);
        }
    }

    private static AgentException notGivenUp(DiskRecord vm, IOException e) {
        return new AgentException(
                AgentError.Kind.NAS,
                "What " + vm.vm() + " wrote last cannot be given up: " + Failures.describe(e) + ".",
                "Check the NAS, then try again.",
                e);
    }

    /** A claim that nobody can read names no host, so it is given up with any. */
    private void refuseUnlessLost(DiskRecord vm, String lostHost) throws AgentException {
        Optional<Claim> claim;
        try {
            nas.requirePresent();
            claim = nas.claim(vm.overlay());
        } catch (DamagedClaimException damaged) {
            LOG.log(Level.WARNING, vm.vm() + ": given up", damaged);
            return;
        } catch (IOException e) {
            throw notGivenUp(vm, e);
        }
        if (claim.isPresent() && !claim.get().host().equals(lostHost)) {
            throw AgentException.invalid(
                    "It is not '" + lostHost + "' that has what " + vm.vm() + " wrote last.",
                    "Give the name of the host that has it, if that is off for good: see the problem of " + vm.vm()
                            + ".");
        }
    }

    @Override
    public void refuseIfUsed(DiskRecord vm) throws AgentException {
        try {
            nas.requirePresent();
            if (attached.containsKey(vm.vm()) || daemon(vm).isAlive()) {
                throw AgentException.conflict(
                        vm.overlay() + " stays as it is: " + host + " has it open, and perhaps not all is on the NAS.",
                        "Start " + vm.vm() + " and shut it down: that writes what is missing.");
            }
        } catch (IOException e) {
            throw notDiscarded(vm, e);
        }
        refuseIfInUse(vm);
    }

    @Override
    public void forgetLeft(String vm) {
        left.remove(vm);
    }

    @Override
    public boolean isLeft(String vm) {
        return Optional.ofNullable(left.get(vm))
                .filter(each -> !each.isNothing())
                .isPresent();
    }

    @Override
    public boolean bringHome(String vm) throws AgentException {
        var disk = find(vm);
        try {
            return disk.isPresent() && disk.get().disk().checkpoint();
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "Not all of " + vm + " is on the NAS: " + Failures.describe(e) + ".",
                    "Check the NAS, then try again.",
                    e);
        }
    }

    @Override
    public OneOffExports serveOnce(String vm) {
        var disk = find(vm).orElseThrow();
        var served = new HashMap<String, BlockDevice>();
        served.put(export(vm), disk.disk());
        disk.locals().forEach(each -> served.put(each.export(), each));
        return new OneOffExports(disks, served);
    }

    @Override
    public SemanticMap layout(String vm) {
        return find(vm).orElseThrow().disk().layout();
    }

    @Override
    public String problem(String vm) {
        return find(vm).or(() -> Optional.ofNullable(leaving.get(vm)))
                .map(AttachedDisk::problem)
                .or(() -> Optional.ofNullable(left.get(vm)).map(Remainder::problem))
                .orElse("");
    }

    /** Hangs up on QEMU and flushes; the image daemons live on, and the next agent attaches the disks again. */
    @Override
    public void close() throws IOException {
        diskServer.close();
        for (var disk : attached.values()) {
            try {
                release(disk);
            } catch (IOException e) { // its spool keeps what is missing; the others are written all the same
                LOG.log(Level.ERROR, disk.vm().vm() + ": disk released", e);
            }
        }
        attached.clear();
        baseServer.close();
    }
}
