package org.triplel.agent;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.JournalDisk;
import org.triplel.appliance.ExternalJournal;
import org.triplel.appliance.JournalMode;
import org.triplel.appliance.JournalPlace;
import org.triplel.appliance.Machine;
import org.triplel.appliance.NbdDisk;
import org.triplel.appliance.RefusedException;
import org.triplel.block.FileDevice;
import org.triplel.guest.FileSystem;
import org.triplel.guest.JournalDevice;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.Accelerator;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.RiskConsent;
import org.triplel.router.DiskMetrics;
import org.triplel.router.RequestClass;

/**
 * The journal disks of this host's VMs, with the swap disks beside them. A stale journal is worse than none: so the NAS says which
 * host has the journal of an overlay, from before the file system uses it until it does no more, and whoever does not have just
 * that journal refuses the overlay. Calls for one VM come one after another; {@link #described} and {@link #problem} may come at any
 * time.
 */
final class JournalDisks {

    static final String JOURNAL_DISK = "Journal disk";

    private static final System.Logger LOG = System.getLogger(JournalDisks.class.getName());
    private static final Pattern IN_A_PARTITION = Pattern.compile("ext[34] (?:on the whole disk|in partition (\\d+))");
    private static final Pattern ROOT = Pattern.compile("(?:^|\\s)root=(\\S*)");
    private static final Pattern PARTITION = Pattern.compile("/dev/vda(\\d*)");

    private final String host;
    private final StateFolder state;
    private final Nas nas;
    private final Semaphore appliances = new Semaphore(1, true);
    private final Map<String, JournalDiskNote> notes = new ConcurrentHashMap<>();

    /** By VM, why it is not known which journal disk it has. */
    private final Map<String, String> unreadable = new ConcurrentHashMap<>();

    /** @param host the name of this host */
    JournalDisks(String host, StateFolder state, Nas nas) throws IOException {
        this.host = host;
        this.state = state;
        this.nas = nas;
        for (var vm : JournalDiskNote.vms(state.journalDisks())) {
            read(vm);
        }
    }

    private void read(String vm) {
        try {
            JournalDiskNote.read(state.journalDisks(), vm).ifPresent(note -> notes.put(vm, note));
            unreadable.remove(vm);
        } catch (HostDiskException e) {
            LOG.log(Level.ERROR, host + ", " + vm + ", " + JOURNAL_DISK, e);
            unreadable.put(vm, "Which journal disk " + vm + " has cannot be read: " + Failures.describe(e) + ".");
        }
    }

    /** A note that could not be read is looked at again: somebody may have put it right. */
    private void settle(String vm) {
        if (unreadable.containsKey(vm)) {
            read(vm);
        }
    }

    private Path journalFile(String vm) {
        return state.local().resolve(vm + ".journal-disk");
    }

    private Path swapFile(String vm) {
        return state.local().resolve(vm + ".swap-disk");
    }

    private static String journalExport(String vm) {
        return vm + "/vdb";
    }

    private static String swapExport(String vm) {
        return vm + "/vdc";
    }

    Optional<JournalDiskNote> find(String vm) {
        return Optional.ofNullable(notes.get(vm));
    }

    JournalDisk described(String vm) {
        return find(vm).map(JournalDiskNote::described).orElse(JournalDisk.NONE);
    }

    /** What is wrong and what to do, or empty. */
    String problem(String vm) {
        return find(vm).map(this::unfinished).orElse(unreadable.getOrDefault(vm, ""));
    }

    private String unfinished(JournalDiskNote note) {
        return switch (note.stage()) {
            case THERE -> "";
            case GIVING ->
                "Giving it a journal disk did not come to its end. Do it again, or take the disk away: Journal"
                        + " Disk..., or triplel vm journal-disk " + note.vm() + " --back. It is not started before.";
            case TAKING ->
                "Taking its journal disk away did not come to its end. Do it again: Journal Disk..., or"
                        + " triplel vm journal-disk " + note.vm() + " --back. It is not started before.";
            case DAMAGED ->
                "The disk of " + host + " failed to write its journal, which may not be whole. End it, and recover it"
                        + " without: Recover VM..., or triplel vm recover " + note.vm() + " --host " + host + ".";
        };
    }

    /** @throws AgentException its file system may be between two journals */
    void refuseUnlessWhole(String vm) throws AgentException {
        settle(vm);
        var problem = problem(vm);
        boolean toBeRecovered = find(vm).filter(note -> note.stage() == JournalDiskNote.Stage.DAMAGED)
                .isPresent(); // which attaching it tells
        if (!problem.isEmpty() && !toBeRecovered) {
            throw AgentException.conflict(vm + " cannot be started.", problem);
        }
    }

    /** The disks that QEMU is to connect to besides the VM's own, in their order. */
    List<DomainXml.NbdDisk> exports(String vm, Path socket) {
        var exports = new ArrayList<DomainXml.NbdDisk>();
        if (find(vm).isPresent()) {
            exports.add(new DomainXml.NbdDisk(socket, journalExport(vm)));
        }
        if (find(vm).flatMap(JournalDiskNote::swap).isPresent()) {
            exports.add(new DomainXml.NbdDisk(socket, swapExport(vm)));
        }
        return exports;
    }

    /**
     * Nobody has opened the overlay yet.
     *
     * @throws JournalElsewhereException this host does not have the journal that the overlay's file system needs
     */
    void expect(DiskRecord vm) throws IOException {
        settle(vm.vm());
        if (unreadable.containsKey(vm.vm())) {
            throw new HostDiskException(new IOException(unreadable.get(vm.vm())));
        }
        var claim = nas.journalClaim(vm.overlay());
        if (claim.isEmpty()) {
            if (find(vm.vm()).isPresent()) {
                throw new JournalElsewhereException(
                        host,
                        "the NAS does not say any more that its journal is the disk that " + host + " has for it");
            }
            return;
        }
        var lost = lost(vm.vm(), vm.overlay(), claim.get());
        if (lost.isPresent()) {
            throw new JournalElsewhereException(claim.get().host(), lost.get());
        }
        if (find(vm.vm()).isEmpty()) {
            throw new HostDiskException(new NoSuchFileException(
                    state.journalDisks().resolve(vm.vm()).toString()));
        }
    }

    /** The claim of a journal that this host cannot use. */
    Optional<JournalClaim> lostJournal(String vm, String overlay) throws IOException {
        settle(vm);
        var claim = nas.journalClaim(overlay);
        return claim.isPresent() && lost(vm, overlay, claim.get()).isPresent() ? claim : Optional.empty();
    }

    private Optional<String> lost(String vm, String overlay, JournalClaim claim) throws IOException {
        var there = "the journal of its file system is on a disk of " + claim.host() + " since " + claim.since();
        if (!claim.host().equals(host)) {
            return Optional.of(there);
        }
        if (!isHere(vm, claim.journal())) {
            return Optional.of(there + ", but is missing there");
        }
        if (!claim.image().equals(nas.identity(overlay))) {
            return Optional.of(there + ", but the image was exchanged meanwhile, so that does not belong to it");
        }
        if (find(vm).filter(note -> note.stage() == JournalDiskNote.Stage.DAMAGED)
                .isPresent()) {
            return Optional.of(there + ", but could not be written there, so it may not be whole");
        }
        var bond = find(vm).map(JournalDiskNote::bond);
        if (bond.filter(each -> !each.matches(claim)).isPresent()) {
            return Optional.of(there + ", but one of both is of an earlier time than the other");
        }
        var closed = bond.flatMap(JournalBond::closed);
        return closed.isEmpty() || closed.get().equals(content(vm, overlay))
                ? Optional.empty()
                : Optional.of(there + ", but one of both was written to meanwhile, so that does not belong to it");
    }

    /** Changes when anybody writes to either; both may be moved, as long as their times are kept. */
    private String content(String vm, String overlay) throws IOException {
        return nas.content(overlay) + " journal=" + Files.getLastModifiedTime(journalFile(vm));
    }

    /** The overlay is written to from now on. */
    void opening(DiskRecord vm) throws IOException {
        var note = find(vm.vm());
        if (note.isPresent()) {
            var claim = nas.journalClaim(vm.overlay())
                    .orElseThrow(() -> new NoSuchFileException(
                            nas.journalClaimFile(vm.overlay()).toString()));
            var opening = note.get().bond().opening(claim);
            keep(note.get().with(opening)); // first: whoever does not get further has not opened it
            nas.changeJournalClaim(vm.overlay(), claim.opened(opening.openings()));
            keep(note.get().with(opening.opened()));
        }
    }

    /** Nobody has the overlay open any more: whoever writes to it now does so without its journal. */
    void closed(DiskRecord vm) {
        try {
            var note = find(vm.vm());
            if (note.isPresent()) {
                keep(note.get().with(note.get().bond().closed(content(vm.vm(), vm.overlay()))));
            }
        } catch (IOException e) { // as after a crash
            LOG.log(Level.WARNING, vm.vm() + ": note the state of its overlay", e);
        }
    }

    /** If the note does not tell, the disk itself does: what is here must not be taken for lost. */
    private boolean isHere(String vm, UUID journal) throws IOException {
        if (!Files.isRegularFile(journalFile(vm))) {
            return false;
        }
        var note = find(vm);
        if (note.isPresent()) {
            return note.get().journal().equals(journal);
        }
        try (var file = FileDevice.openReadOnly(journalFile(vm))) {
            return JournalDevice.uuid(file.size(), file::read).equals(Optional.of(journal));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }

    /** Opens the disks that a VM has here. */
    List<LocalDisk> open(String vm, DiskMetrics metrics) throws IOException {
        var opened = new ArrayList<LocalDisk>();
        if (find(vm).isEmpty()) {
            return opened;
        }
        try {
            opened.add(new LocalDisk(
                    journalExport(vm),
                    FileDevice.open(journalFile(vm)),
                    RequestClass.JOURNAL,
                    metrics,
                    () -> damaged(vm)));
            if (find(vm).flatMap(JournalDiskNote::swap).isPresent()) {
                opened.add(new LocalDisk(
                        swapExport(vm),
                        FileDevice.open(swapFile(vm)),
                        RequestClass.SWAP,
                        metrics,
                        () -> {})); // nobody needs it after a crash
            }
            return opened;
        } catch (IOException e) {
            for (var each : opened) {
                each.close();
            }
            throw e;
        }
    }

    /**
     * Begins to give a VM that is off a journal disk, or goes on with what was begun.
     *
     * @throws AgentException it makes no sense, it has one, nobody accepts the risk, or there is no room
     */
    void beginToGive(DiskRecord vm, JournalDisk wanted) throws AgentException {
        settle(vm.vm());
        if (unreadable.containsKey(vm.vm())) {
            throw AgentException.conflict(
                    vm.vm() + " gets no journal disk: " + unreadable.get(vm.vm()),
                    "Put " + state.journalDisks().resolve(vm.vm()) + " right, or the disk that has it.");
        }
        var before = find(vm.vm());
        if (before.filter(note -> note.stage() != JournalDiskNote.Stage.GIVING).isPresent()) {
            throw AgentException.conflict(
                    vm.vm() + " has a journal disk on " + host + ".", "To get another one, take it away first.");
        }
        try {
            var image = nas.identity(vm.overlay());
            var note = before.isPresent() ? before.get() : checked(vm.vm(), image, wanted);
            refuseUnlessSame(note, wanted);
            if (nas.journalClaim(vm.overlay()).isPresent()
                    || !note.bond().image().equals(image)) {
                refuseIfNeedsAnother(vm);
            }
            if (before.isEmpty()) {
                make(note);
            }
            if (nas.journalClaim(vm.overlay()).isEmpty()) { // or an earlier agent has died before
                nas.claimJournal(
                        vm.overlay(),
                        new JournalClaim(
                                host, note.journal(), image, note.consent().at(), 0));
            }
        } catch (IOException e) {
            var failure = failed(vm.vm() + " gets no journal disk", e);
            try {
                endIfUntouched(vm);
            } catch (AgentException left) {
                failure.addSuppressed(left);
            }
            throw failure;
        }
    }

    private static void refuseUnlessSame(JournalDiskNote begun, JournalDisk wanted) throws AgentException {
        boolean same = begun.mebibytes() == wanted.mebibytes()
                && begun.mode() == wanted.mode()
                && begun.swapMebibytes() == wanted.swapMebibytes();
        if (!same) {
            throw AgentException.conflict(
                    begun.vm() + " is being given a journal disk of " + begun.mebibytes() + " MiB for the mode "
                            + begun.mode() + ", and " + begun.swapMebibytes() + " MiB of swap.",
                    "Go on with just that, or take it away first: triplel vm journal-disk " + begun.vm() + " --back.");
        }
    }

    /** A journal that is not ours, or that we do not know any more, is left alone. */
    private void refuseIfNeedsAnother(DiskRecord vm) throws AgentException {
        try {
            expect(vm);
        } catch (JournalElsewhereException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    vm.vm() + " gets no journal disk: " + Failures.describe(e) + ".",
                    "See " + nas.journalClaimFile(vm.overlay()) + ".",
                    e);
        } catch (IOException e) {
            throw failed(vm.vm() + " gets no journal disk", e);
        }
    }

    /** The note is last: without it nobody knows of the disks, and they are made anew. */
    private void make(JournalDiskNote note) throws HostDiskException {
        var journal = journalFile(note.vm());
        var swap = swapFile(note.vm());
        var made = new ArrayList<Path>();
        try {
            refuseIfFull(journal);
            Files.deleteIfExists(journal);
            Files.deleteIfExists(swap);
            made.add(create(journal));
            fill(journal, note.mebibytes());
            if (note.swap().isPresent()) {
                made.add(create(swap));
                fill(swap, note.swapMebibytes());
            }
            DurableProperties.force(state.local());
            keep(note);
        } catch (IOException e) {
            delete(state.journalDisks().resolve(note.vm()), e);
            for (var each : made) {
                delete(each, e);
            }
            throw e instanceof HostDiskException ours ? ours : new HostDiskException(e);
        }
    }

    private static void delete(Path file, IOException cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException left) {
            cause.addSuppressed(left);
        }
    }

    /** What was left behind goes, unless a file system may lack what it has. */
    private static void refuseIfFull(Path journal) throws IOException {
        if (Files.exists(journal)) {
            try (var left = FileDevice.openReadOnly(journal)) {
                if (JournalDevice.look(left.size(), left::read).isPresent()) {
                    throw new IOException(journal + " is a journal that is not in place yet, and nothing tells whose;"
                            + " move it away if nobody needs it");
                }
            }
        }
    }

    private JournalDiskNote checked(String vm, String image, JournalDisk wanted) throws AgentException {
        if (wanted.mebibytes() < JournalDisk.MIN_MEBIBYTES || wanted.mebibytes() > JournalDisk.MAX_MEBIBYTES) {
            throw AgentException.invalid(
                    "The journal of " + vm + " cannot have " + wanted.mebibytes() + " MiB.",
                    "Choose from " + JournalDisk.MIN_MEBIBYTES + " to " + JournalDisk.MAX_MEBIBYTES + " MiB.");
        }
        if (wanted.swapMebibytes() < 0 || wanted.swapMebibytes() > JournalDisk.MAX_SWAP_MEBIBYTES) {
            throw AgentException.invalid(
                    "The swap disk of " + vm + " cannot have " + wanted.swapMebibytes() + " MiB.",
                    "Choose up to " + JournalDisk.MAX_SWAP_MEBIBYTES + " MiB.");
        }
        var user = Placements.acceptedBy(
                wanted.acceptedBy(), "The journal of " + vm + " cannot be kept on " + host + " unless somebody");
        return new JournalDiskNote(
                vm,
                JournalDiskNote.Stage.GIVING,
                UUID.randomUUID(),
                wanted.mebibytes(),
                wanted.mode(),
                wanted.swapMebibytes() > 0 ? Optional.of(UUID.randomUUID()) : Optional.empty(),
                wanted.swapMebibytes(),
                JournalBond.to(image),
                Optional.empty(),
                new RiskConsent(user, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    }

    private static Path create(Path file) throws IOException {
        return Files.createFile(
                file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /** With all its space, for later it would be too late to miss it. */
    private static void fill(Path file, int mebibytes) throws IOException {
        try (var sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength((long) mebibytes << 20);
        }
        try (var disk = FileDevice.open(file)) {
            disk.writeZeroes(0, disk.size(), true);
            disk.flush();
        }
    }

    private synchronized void keep(JournalDiskNote note) throws HostDiskException {
        boolean damaged = find(note.vm())
                .filter(now -> now.stage() == JournalDiskNote.Stage.DAMAGED)
                .isPresent();
        var kept = damaged ? note.become(JournalDiskNote.Stage.DAMAGED) : note;
        kept.write(state.journalDisks());
        notes.put(note.vm(), kept);
    }

    /** Linux tells of it once; after a crash nobody would know that the journal has holes, and it would be replayed. */
    synchronized void damaged(String vm) {
        var note = find(vm);
        if (note.isEmpty() || note.get().stage() == JournalDiskNote.Stage.DAMAGED) {
            return;
        }
        var damaged = note.get().become(JournalDiskNote.Stage.DAMAGED);
        notes.put(vm, damaged); // also if the disk does not take it
        try {
            damaged.write(state.journalDisks());
        } catch (HostDiskException e) {
            LOG.log(Level.ERROR, host + ", " + vm + ", " + JOURNAL_DISK + " is damaged", e);
        }
    }

    /** Removes what is here of a VM, if anything is: no file system uses it. */
    void drop(String vm) throws AgentException {
        try {
            Files.deleteIfExists(state.journalDisks().resolve(vm)); // first: it promises the files
            DurableProperties.force(state.journalDisks());
            notes.remove(vm);
            unreadable.remove(vm);
            Files.deleteIfExists(journalFile(vm));
            Files.deleteIfExists(swapFile(vm));
        } catch (IOException e) {
            throw failed("The journal disk of " + vm + " cannot be removed", new HostDiskException(e));
        }
    }

    /**
     * Tells the file system of the disk, which is attached, and so is the VM's.
     *
     * @return whether the guest knows of the swap disk, too, if there is one
     */
    boolean give(DiskRecord vm, DomainXml domain, SemanticMap layout) throws AgentException {
        var before = find(vm.vm()).orElseThrow();
        var appliance = appliance(before, domain);
        long fileSystem = before.fileSystem().isPresent()
                ? before.fileSystem().get()
                : rootFileSystem(vm.vm(), commandLine(domain), layout);
        return run(before, () -> {
            foundAt(vm, fileSystem);
            return appliance.add(fileSystem, JournalMode.valueOf(before.mode().name()));
        });
    }

    private interface Work {
        boolean run() throws AgentException, IOException, InterruptedException;
    }

    /** One at a time: each is a virtual machine that takes its share of the host. */
    private boolean run(JournalDiskNote before, Work work) throws AgentException {
        try {
            appliances.acquire();
            try {
                return work.run();
            } finally {
                appliances.release();
            }
        } catch (RefusedException e) {
            throw refused(before, e);
        } catch (IOException e) {
            throw interrupted(before.vm(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(before.vm(), new IOException("interrupted", e));
        }
    }

    /** From now on it may be that the file system that begins there uses the disk. */
    void foundAt(DiskRecord vm, long start) throws AgentException {
        note(find(vm.vm()).orElseThrow().at(start));
    }

    private void note(JournalDiskNote now) throws AgentException {
        try {
            keep(now);
        } catch (HostDiskException e) {
            throw failed(JOURNAL_DISK + " of " + now.vm(), e);
        }
    }

    /** Forgets what was begun, if nobody has changed the file system for it. */
    void endIfUntouched(DiskRecord vm) throws AgentException {
        if (find(vm.vm())
                .filter(note -> note.stage() == JournalDiskNote.Stage.GIVING
                        && note.fileSystem().isEmpty())
                .isPresent()) {
            end(vm);
        }
    }

    /** The VM can be started then, unless nobody knows where its journal is. */
    private AgentException refused(JournalDiskNote before, RefusedException e) throws AgentException {
        note(afterRefusal(before, e.journal()));
        return new AgentException(
                AgentError.Kind.CONFLICT,
                "The file system of " + before.vm() + " keeps its journal where it is: " + e.getMessage(),
                e.journal() == JournalPlace.UNKNOWN
                        ? problem(before.vm())
                        : "Start " + before.vm() + " and put its file system right.",
                e);
    }

    static JournalDiskNote afterRefusal(JournalDiskNote before, JournalPlace journal) {
        return switch (journal) {
            case INSIDE -> before.unused();
            case ON_THE_DISK -> before.become(JournalDiskNote.Stage.THERE);
            case UNKNOWN -> before;
        };
    }

    private AgentException interrupted(String vm, IOException e) {
        return new AgentException(
                AgentError.Kind.INTERNAL,
                JOURNAL_DISK + " of " + vm + ": " + Failures.describe(e) + ".",
                problem(vm),
                e);
    }

    private ExternalJournal appliance(JournalDiskNote note, DomainXml domain) throws AgentException {
        var boot = domain.boot()
                .orElseThrow(() -> AgentException.conflict(
                        "The disk of " + note.vm() + " boots by itself, so there is no kernel to do it with.",
                        "It is possible for VMs whose base image names a kernel and an initial RAM disk."));
        var socket = domain.disk().socket();
        return new ExternalJournal(
                new Machine(boot.kernel(), boot.initrd(), domain.memoryMiB(), domain.accelerator() == Accelerator.KVM),
                new NbdDisk(socket, domain.disk().export()),
                new NbdDisk(socket, journalExport(note.vm())),
                note.journal(),
                note.swap().map(_ -> new NbdDisk(socket, swapExport(note.vm()))),
                note.swap());
    }

    private static String commandLine(DomainXml domain) {
        return domain.boot().map(DomainXml.DirectBoot::commandLine).orElse("");
    }

    /**
     * Only the kernel's command line tells it: the only ext4 may be that of /boot. The last word counts.
     *
     * @throws AgentException it names none that can have a journal disk
     */
    static long rootFileSystem(String vm, String commandLine, SemanticMap layout) throws AgentException {
        var root = ROOT.matcher(commandLine)
                .results()
                .reduce((_, later) -> later)
                .map(match -> PARTITION.matcher(match.group(1)))
                .filter(Matcher::matches)
                .map(match -> match.group(1));
        if (root.isEmpty()) {
            throw AgentException.conflict(
                    "Which file system of " + vm + " is its root is not known: its kernel is not told"
                            + " root=/dev/vdaN.",
                    "Say so in the description of its base image.");
        }
        for (var each : layout.fileSystems()) {
            var place = IN_A_PARTITION.matcher(each.name());
            if (place.matches()
                    && root.get().equals(Optional.ofNullable(place.group(1)).orElse(""))) {
                return start(each);
            }
        }
        throw AgentException.conflict(
                "The disk of " + vm + " has no ext3 or ext4 in /dev/vda" + root.get()
                        + ", which is its root, so no journal disk can be given to it.",
                "File systems in LVM volumes, and others than ext4, keep their journals.");
    }

    private static long start(FileSystem fileSystem) {
        return fileSystem.pieces().getFirst().start();
    }

    /** The file system uses the disk. */
    void given(String vm) throws AgentException {
        change(vm, JournalDiskNote.Stage.THERE);
    }

    /**
     * Begins to take it away from a VM that is off, or goes on with that.
     *
     * @return whether a file system may use it; if not, only what is here has to go
     */
    boolean beginToTake(DiskRecord vm) throws AgentException {
        settle(vm.vm());
        var note = find(vm.vm())
                .orElseThrow(() -> AgentException.conflict(
                        vm.vm() + " has no journal disk on " + host + ".", unreadable.getOrDefault(vm.vm(), "")));
        try {
            boolean claimed = nas.journalClaim(vm.overlay())
                    .filter(claim -> claim.journal().equals(note.journal()))
                    .isPresent();
            if (!claimed) {
                refuseIfUsed(note, vm);
                return false;
            }
            if (note.stage() == JournalDiskNote.Stage.DAMAGED) {
                throw AgentException.conflict("The journal disk of " + vm.vm() + " stays.", problem(vm.vm()));
            }
        } catch (IOException e) {
            throw failed("The journal disk of " + vm.vm() + " stays", e);
        }
        change(vm.vm(), JournalDiskNote.Stage.TAKING);
        return true;
    }

    /** The NAS says no more that the file system uses it: it was taken away, or the VM was recovered on another host. */
    private void refuseIfUsed(JournalDiskNote note, DiskRecord vm) throws AgentException, IOException {
        boolean used = note.stage() != JournalDiskNote.Stage.TAKING
                && note.fileSystem().isPresent()
                && note.bond().image().equals(nas.identity(vm.overlay()));
        if (used) {
            throw AgentException.conflict(
                    "The journal disk of " + vm.vm()
                            + " stays: the NAS does not say any more that it is the journal of " + vm.overlay()
                            + ", but that may need it.",
                    "See why " + nas.journalClaimFile(vm.overlay()) + " is missing, and put it back.");
        }
    }

    private void change(String vm, JournalDiskNote.Stage stage) throws AgentException {
        note(find(vm).orElseThrow().become(stage));
    }

    /**
     * Gives the file system its journal back; both disks are attached.
     *
     * @return whether the guest does not look for the swap disk any more
     */
    boolean take(DiskRecord vm, DomainXml domain) throws AgentException {
        var note = find(vm.vm()).orElseThrow();
        return run(
                note,
                () -> note.fileSystem().isEmpty() // nothing has begun
                        || appliance(note, domain).remove(note.fileSystem().get()));
    }

    /** The file system does not use it any more. */
    void end(DiskRecord vm) throws AgentException {
        try {
            var ours = find(vm.vm()).map(JournalDiskNote::journal);
            if (nas.journalClaim(vm.overlay())
                    .filter(claim -> ours.equals(Optional.of(claim.journal())))
                    .isPresent()) {
                nas.dropJournalClaim(vm.overlay());
            }
        } catch (IOException e) {
            throw failed("The journal disk of " + vm.vm() + " stays", e);
        }
        drop(vm.vm());
    }

    /** Its overlay goes, and with it whatever this host has for it. */
    void discard(DiskRecord vm) throws AgentException {
        try {
            if (nas.journalClaim(vm.overlay())
                    .filter(claim -> claim.host().equals(host))
                    .isPresent()) {
                nas.dropJournalClaim(vm.overlay());
            }
        } catch (IOException e) {
            throw failed("The journal disk of " + vm.vm() + " stays", e);
        }
        drop(vm.vm());
    }

    /** A definition that was left behind on this host must not cost another host's VM its disk. */
    void refuseIfElsewhere(DiskRecord vm) throws AgentException {
        try {
            var claim = nas.journalClaim(vm.overlay());
            if (claim.filter(each -> !each.host().equals(host)).isPresent()) {
                throw AgentException.conflict(
                        vm.overlay() + " stays as it is: the journal of its file system is on a disk of "
                                + claim.get().host() + ".",
                        "Delete " + vm.vm()
                                + " there. If that host is lost for good, recover the VM: triplel vm recover " + vm.vm()
                                + " --host " + claim.get().host() + ".");
            }
        } catch (IOException e) {
            throw failed(vm.overlay() + " stays as it is", e);
        }
    }

    private AgentException failed(String what, IOException e) {
        boolean ours = e instanceof HostDiskException;
        return new AgentException(
                ours ? AgentError.Kind.LOCAL_DISK : AgentError.Kind.NAS,
                what + ": " + Failures.describe(e) + ".",
                ours
                        ? "Look at the disk that has the agent's state, and how much room it has."
                        : "Check that the NAS (" + nas + ") is mounted and writable, then try again.",
                e);
    }
}
