package org.triplel.hypervisor;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.libvirt.Domain;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;
import org.libvirt.MemoryStatistic;
import org.libvirt.event.AgentLifecycleListener;
import org.libvirt.event.ConnectionCloseReason;
import org.libvirt.event.LifecycleListener;
import org.libvirt.event.StoppedDetail;
import org.libvirt.event.SuspendedDetail;
import org.triplel.hypervisor.DomainMemory.GuestMemory;

/**
 * The hypervisor behind a libvirt daemon. Each call to libvirt runs on a thread of its own, since nothing ends one that
 * hangs; libvirt's keepalive ends the connection, and so the calls, when the daemon stops answering.
 */
public final class LibvirtHypervisor implements Hypervisor {

    private static final int GUEST_AGENT_SECONDS = 30;
    private static final int THAW_ATTEMPTS = 3;
    private static final System.Logger LOG = System.getLogger(LibvirtHypervisor.class.getName());

    private static final int KEEPALIVE_SECONDS = 4;
    private static final int KEEPALIVE_MISSES = 3;
    private static final long RECONNECT_MILLIS = 1_000;

    /** A libvirt that takes a connection and does not answer is waited for, but not in silence. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    /** Longer than libvirt's own longest wait, which is the one for a guest agent that is to shut down its guest. */
    private static final Duration CALL_LIMIT = Duration.ofSeconds(90);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private static final int VIR_DOMAIN_METADATA_ELEMENT = 2;
    private static final int VIR_DOMAIN_AFFECT_LIVE = 1;
    private static final int VIR_DOMAIN_AFFECT_CONFIG = 2;
    private static final int VIR_DOMAIN_XML_INACTIVE = 2;
    private static final int VIR_AGENT_LIFECYCLE_CONNECTED = 1;

    // virDomainMemoryStatTags of libvirt-domain.h
    private static final int MEMORY_STATS = 16;
    private static final int UNUSED = 4;
    private static final int USABLE = 8;

    private final String uri;
    private final ExecutorService calls = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("libvirt call ", 0).daemon().factory());
    private final ExecutorService deliveries = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("libvirt listener").daemon().factory());
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicReference<Optional<SharedConnection>> connection = new AtomicReference<>(Optional.empty());
    private volatile Optional<Thread> keeper = Optional.empty();

    /** @param uri where libvirt is, such as {@code qemu:///system} or {@code qemu+unix:///session?socket=...} */
    public LibvirtHypervisor(String uri) {
        this.uri = uri;
    }

    @Override
    public void open(HypervisorListener listener) {
        keeper = Optional.of(
                Thread.ofPlatform().name("libvirt connection").daemon().start(() -> keepConnected(listener)));
    }

    private void keepConnected(HypervisorListener listener) {
        var told = "";
        do {
            String problem;
            try {
                problem = serveConnection(listener);
                told = "";
            } catch (LibvirtException e) {
                problem = "libvirt at " + uri + ": " + e.getMessage() + ".";
            } catch (HypervisorException e) {
                problem = "libvirt at " + uri + ": " + e.getMessage();
            } catch (LinkageError | IllegalStateException e) {
                LOG.log(Level.ERROR, "libvirt client library", e);
                problem = "The libvirt client library cannot be used: " + e.getMessage() + ". Install libvirt0.";
            }
            if (!problem.equals(told)) {
                told = problem;
                disconnected(listener, problem);
            }
        } while (!closedWithin(RECONNECT_MILLIS));
    }

    private void disconnected(HypervisorListener listener, String problem) {
        if (!closed.isDone()) {
            LOG.log(Level.WARNING, problem);
            deliver(() -> listener.disconnected(problem));
        }
    }

    /** Returns why the connection ended. */
    private String serveConnection(HypervisorListener listener) throws LibvirtException, HypervisorException {
        EventLoop.ensureStarted();
        var answered = new CompletableFuture<Void>();
        var waiting = answered.orTimeout(ANSWER_LIMIT.toNanos(), TimeUnit.NANOSECONDS)
                .exceptionally(late -> {
                    disconnected(
                            listener,
                            "libvirt at " + uri + " has not answered for " + ANSWER_LIMIT.toSeconds()
                                    + " s. What is shown is what it told last; waiting on. Look at the state of libvirt"
                                    + " there, and restart it if it hangs: guests run on.");
                    return null;
                });
        var connect = Optional.<SharedConnection>empty();
        try {
            connect = Optional.of(new SharedConnection(new Connection(uri)));
            return serveConnection(connect.get(), listener, () -> {
                answered.complete(null);
                waiting.join();
            });
        } finally {
            answered.complete(null);
            if (connect.isPresent()) {
                connect.get().close();
            }
        }
    }

    /** @param answered run once libvirt has told its domains */
    private String serveConnection(SharedConnection shared, HypervisorListener listener, Runnable answered)
            throws LibvirtException, HypervisorException {
        var connect = shared.connection();
        var lost = new CompletableFuture<Void>();
        ifSupported(() -> connect.registerCloseListener((c, reason) -> {
            if (reason != ConnectionCloseReason.CLIENT) {
                lost.complete(null);
            }
        }));
        ifSupported(() -> connect.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_MISSES));
        var lifecycle = lifecycle(listener);
        var agent = agentLifecycle(listener);
        connect.addLifecycleListener(lifecycle);
        connect.addAgentLifecycleListener(agent);
        try {
            var domains = list(connect);
            connection.set(Optional.of(shared));
            answered.run();
            LOG.log(Level.INFO, "connected to libvirt at {0}, {1} domains", uri, domains.size());
            deliver(() -> listener.connected(domains));
            CompletableFuture.anyOf(lost, closed).join();
        } finally {
            connection.set(Optional.empty());
            forget(() -> connect.removeLifecycleListener(lifecycle));
            forget(() -> connect.removeAgentLifecycleListener(agent));
        }
        return "libvirt at " + uri + " ended the connection or does not answer. Guests run on; trying again.";
    }

    private boolean closedWithin(long millis) {
        try {
            closed.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException notYet) {
            return false;
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }

    private interface Action {
        void run() throws LibvirtException;
    }

    /** libvirt's test driver knows no keepalive and never loses its connection. */
    private static void ifSupported(Action action) throws LibvirtException {
        try {
            action.run();
        } catch (LibvirtException e) {
            if (e.getError().getCode() != ErrorNumber.VIR_ERR_NO_SUPPORT) {
                throw e;
            }
        }
    }

    /** libvirt may call a listener of a closed connection, when what it would call has been freed. */
    private static void forget(Action removal) {
        try {
            removal.run();
        } catch (LibvirtException e) {
            LOG.log(Level.DEBUG, "libvirt has ended the connection, and calls nobody", e);
        }
    }

    private LifecycleListener lifecycle(HypervisorListener listener) {
        return (domain, event) -> {
            var name = name(domain);
            switch (event.getType()) {
                case STARTED -> tell(listener, new DomainEvent.Started(name));
                case SUSPENDED -> {
                    Enum<?> detail = event.<SuspendedDetail>getDetail();
                    tell(listener, new DomainEvent.Suspended(name, detail == SuspendedDetail.IOERROR));
                }
                case RESUMED -> tell(listener, new DomainEvent.Resumed(name));
                case STOPPED -> {
                    Enum<?> detail = event.<StoppedDetail>getDetail();
                    tell(listener, new DomainEvent.Stopped(name, stopped((StoppedDetail) detail)));
                }
                default -> LOG.log(Level.DEBUG, "domain {0}: {1}", name, event);
            }
            return 0;
        };
    }

    private AgentLifecycleListener agentLifecycle(HypervisorListener listener) {
        return (domain, state, reason) -> {
            if (state == VIR_AGENT_LIFECYCLE_CONNECTED) {
                tell(listener, new DomainEvent.GuestConnected(name(domain)));
            }
        };
    }

    private static DomainState stopped(StoppedDetail detail) {
        return switch (detail) {
            case CRASHED, FAILED -> DomainState.CRASHED;
            case SAVED -> DomainState.SAVED;
            default -> DomainState.OFF;
        };
    }

    private static String name(Domain domain) {
        try {
            return domain.getName();
        } catch (LibvirtException e) {
            throw new IllegalStateException("a domain's name is known without asking libvirt", e);
        }
    }

    private void tell(HypervisorListener listener, DomainEvent event) {
        LOG.log(Level.DEBUG, event);
        deliver(() -> listener.event(event));
    }

    private void deliver(Runnable call) {
        try {
            deliveries.execute(() -> {
                try {
                    call.run();
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "listener of libvirt at " + uri, e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "event after close", e);
        }
    }

    private static List<DomainStatus> list(Connection connect) throws LibvirtException, HypervisorException {
        var found = new ArrayList<DomainStatus>();
        for (var domain : connect.listAllDomains(0)) {
            try {
                status(connect, domain).ifPresent(found::add);
            } catch (LibvirtException e) {
                // Undefined by someone since it was listed.
                if (e.getError().getCode() != ErrorNumber.VIR_ERR_NO_DOMAIN) {
                    throw e;
                }
            } finally {
                domain.free();
            }
        }
        return List.copyOf(found);
    }

    /** Empty if it is not Triple-L's. */
    private static Optional<DomainStatus> status(Connection connect, Domain domain)
            throws LibvirtException, HypervisorException {
        try {
            return DomainXml.parse(domain.getXMLDesc(0), connect.state(name(domain)));
        } catch (IllegalArgumentException e) {
            LOG.log(Level.WARNING, "domain " + name(domain) + " is not managed: " + e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public String description() throws HypervisorException {
        return call("ask for versions", connect -> "%s %s, libvirt %s"
                .formatted(connect.getType(), version(connect.getVersion()), version(connect.getLibVersion())));
    }

    private static String version(long number) {
        return "%d.%d.%d".formatted(number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    }

    @Override
    public void define(DomainXml domain, DomainPlacement placement) throws HypervisorException {
        var xml = domain.toXml(placement);
        call("define domain " + domain.name(), connect -> connect.domainDefineXML(xml)
                .free());
    }

    @Override
    public Optional<DomainStatus> find(String domain) throws HypervisorException {
        return call("look for domain " + domain, connect -> {
            try {
                var found = connect.domainLookupByName(domain);
                try {
                    return status(connect, found);
                } finally {
                    found.free();
                }
            } catch (LibvirtException e) {
                if (e.getError().getCode() == ErrorNumber.VIR_ERR_NO_DOMAIN) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    @Override
    public void undefine(String domain) throws HypervisorException {
        call("undefine domain " + domain, connect -> {
            try {
                var found = connect.domainLookupByName(domain);
                try {
                    found.undefine();
                } finally {
                    found.free();
                }
            } catch (LibvirtException e) {
                if (e.getError().getCode() != ErrorNumber.VIR_ERR_NO_DOMAIN) {
                    throw e;
                }
            }
            return domain;
        });
    }

    @Override
    public DomainState state(String domain) throws HypervisorException {
        return call("ask for the state of domain " + domain, connect -> {
            try {
                return connect.state(domain);
            } catch (LibvirtException e) {
                if (e.getError().getCode() == ErrorNumber.VIR_ERR_NO_DOMAIN) {
                    return DomainState.OFF;
                }
                throw e;
            }
        });
    }

    @Override
    public void start(String domain, long nowMillis) throws HypervisorException {
        onDomain("start", domain, d -> {
            writeRun(d, DomainRun.startedAt(nowMillis), VIR_DOMAIN_AFFECT_CONFIG);
            d.create();
        });
    }

    @Override
    public void resume(String domain) throws HypervisorException {
        onDomain("resume", domain, Domain::resume);
    }

    @Override
    public void shutdown(String domain) throws HypervisorException {
        onDomain("shut down", domain, Domain::shutdown);
    }

    @Override
    public void destroy(String domain) throws HypervisorException {
        onDomain("end", domain, Domain::destroy);
    }

    @Override
    public void note(String domain, DomainRun run) throws HypervisorException {
        onDomain("write metadata of", domain, d -> writeRun(d, run, VIR_DOMAIN_AFFECT_CONFIG | VIR_DOMAIN_AFFECT_LIVE));
    }

    @Override
    public void place(String domain, DomainPlacement placement) throws HypervisorException {
        onDomain("write metadata of", domain, d -> {
            int live = d.isActive() == 1 ? VIR_DOMAIN_AFFECT_LIVE : 0;
            d.setMetadata(
                    VIR_DOMAIN_METADATA_ELEMENT,
                    DomainXml.placementElement(placement),
                    DomainXml.PLACEMENT_KEY,
                    DomainXml.PLACEMENT_NAMESPACE,
                    VIR_DOMAIN_AFFECT_CONFIG | live);
        });
    }

    @Override
    public void giveDisks(String domain, List<DomainXml.NbdDisk> disks) throws HypervisorException {
        onDomain("give disks to", domain, d -> {
            var wanted = new TreeMap<String, DomainXml.NbdDisk>();
            for (var disk : disks) {
                wanted.put("vd" + (char) ('b' + wanted.size()), disk);
            }
            var present = DomainXml.otherDisks(d.getXMLDesc(VIR_DOMAIN_XML_INACTIVE));
            for (var each : present.entrySet()) {
                if (!each.getValue().equals(wanted.get(each.getKey()))) {
                    d.detachDeviceFlags(
                            DomainXml.diskElement(each.getValue(), each.getKey()), VIR_DOMAIN_AFFECT_CONFIG);
                }
            }
            for (var each : wanted.entrySet()) {
                if (!each.getValue().equals(present.get(each.getKey()))) {
                    d.attachDeviceFlags(
                            DomainXml.diskElement(each.getValue(), each.getKey()), VIR_DOMAIN_AFFECT_CONFIG);
                }
            }
        });
    }

    @Override
    public void setRootOption(String domain, String option, boolean wanted) throws HypervisorException {
        var before = call("look at domain " + domain, connect -> {
            var found = connect.domainLookupByName(domain);
            try {
                return found.getXMLDesc(VIR_DOMAIN_XML_INACTIVE);
            } finally {
                found.free();
            }
        });
        var changed = DomainXml.withRootOption(before, option, wanted);
        if (changed.isPresent()) {
            call("define domain " + domain, connect -> connect.domainDefineXML(changed.get())
                    .free());
        }
    }

    @Override
    public DomainMemory memory(String domain) throws HypervisorException {
        return call("ask for the memory of domain " + domain, connect -> {
            var found = connect.domainLookupByName(domain);
            try {
                return found.isActive() == 1
                        ? MemoryXml.ofRunning(
                                found.getXMLDesc(0), found.getXMLDesc(VIR_DOMAIN_XML_INACTIVE), guestMemory(found))
                        : MemoryXml.ofStopped(found.getXMLDesc(0));
            } finally {
                found.free();
            }
        });
    }

    /** Empty if the guest reports nothing, as one without a balloon driver, or one that has not come up yet. */
    private static Optional<GuestMemory> guestMemory(Domain domain) throws LibvirtException {
        try {
            var stats = domain.memoryStats(MEMORY_STATS);
            var unused = kibibytes(stats, UNUSED);
            var usable = kibibytes(stats, USABLE);
            return unused.isPresent() || usable.isPresent()
                    ? Optional.of(new GuestMemory(unused, usable))
                    : Optional.empty();
        } catch (LibvirtException e) {
            if (e.getError().getCode() == ErrorNumber.VIR_ERR_NO_SUPPORT) {
                return Optional.empty(); // the hypervisor cannot tell
            }
            throw e;
        }
    }

    private static OptionalLong kibibytes(MemoryStatistic[] stats, int tag) {
        return Arrays.stream(stats)
                .filter(each -> each.getTag() == tag)
                .mapToLong(each -> each.getValue() * 1024)
                .findFirst();
    }

    @Override
    public void setMemory(String domain, int mebibytes) throws HypervisorException {
        call("set the memory of domain " + domain, connect -> {
            var found = connect.domainLookupByName(domain);
            try {
                int live = found.isActive() == 1 ? VIR_DOMAIN_AFFECT_LIVE : 0;
                connect.setMemory(domain, mebibytes, VIR_DOMAIN_AFFECT_CONFIG | live);
            } finally {
                found.free();
            }
            return domain;
        });
    }

    @Override
    public void giveMemory(String domain, boolean byItself) throws HypervisorException {
        onDomain("write metadata of", domain, d -> {
            int live = d.isActive() == 1 ? VIR_DOMAIN_AFFECT_LIVE : 0;
            d.setMetadata(
                    VIR_DOMAIN_METADATA_ELEMENT,
                    MemoryXml.element(byItself),
                    MemoryXml.KEY,
                    MemoryXml.NAMESPACE,
                    VIR_DOMAIN_AFFECT_CONFIG | live);
        });
    }

    @Override
    public void checkpoint(String domain) throws HypervisorException {
        onDomain("checkpoint the file systems of", domain, d -> {
            try {
                d.qemuAgentCommand("{\"execute\":\"guest-fsfreeze-freeze\"}", GUEST_AGENT_SECONDS, 0);
            } finally {
                thaw(d); // also if no answer came: it may be frozen all the same
            }
        });
    }

    private static void thaw(Domain domain) throws LibvirtException {
        for (int attempt = 1; ; attempt++) {
            try {
                domain.qemuAgentCommand("{\"execute\":\"guest-fsfreeze-thaw\"}", GUEST_AGENT_SECONDS, 0);
                return;
            } catch (LibvirtException e) {
                if (attempt == THAW_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static void writeRun(Domain domain, DomainRun run, int flags) throws LibvirtException {
        domain.setMetadata(
                VIR_DOMAIN_METADATA_ELEMENT, DomainXml.runElement(run), "triplel-run", DomainXml.RUN_NAMESPACE, flags);
    }

    private interface OnDomain {
        void run(Domain domain) throws LibvirtException;
    }

    private void onDomain(String operation, String name, OnDomain action) throws HypervisorException {
        call(operation + " domain " + name, connect -> {
            var domain = connect.domainLookupByName(name);
            try {
                action.run(domain);
            } finally {
                domain.free();
            }
            return name;
        });
    }

    private <T> T call(String operation, SharedConnection.Call<T> call) throws HypervisorException {
        var connect = connection
                .get()
                .orElseThrow(() ->
                        new HypervisorException("Cannot " + operation + ": libvirt at " + uri + " is not connected."));
        var result = calls.submit(() -> connect.use(call));
        try {
            return result.get(CALL_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new HypervisorException(
                    "Cannot " + operation + ": " + e.getCause().getMessage() + ".", e.getCause());
        } catch (TimeoutException e) {
            throw new HypervisorException(
                    "Cannot " + operation + ": libvirt at " + uri + " did not answer within " + CALL_LIMIT.toSeconds()
                            + " s.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HypervisorException("Cannot " + operation + ": interrupted.", e);
        }
    }

    /** Waits for a connection that stands to end, but not for a libvirt that hangs. */
    @Override
    public void close() {
        closed.complete(null);
        deliveries.shutdown();
        calls.shutdown();
        try {
            if (keeper.isPresent()) {
                keeper.get().join(CLOSE_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
