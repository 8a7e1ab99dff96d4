package org.triplel.agent;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.TrafficSample;

/** Once a second sends the traffic to the desktops, and whatever else has changed by itself. */
final class Sampler implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Sampler.class.getName());

    private final String host;
    private final Disks disks;
    private final Advisor advisor;
    private final VmMemories memories;
    private final ReplicaStore replicas;
    private final Vms vms;
    private final ExposureHistory exposures;
    private final Supplier<HostStatus> status;
    private final Desktops desktops;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("sampler").factory());

    private final Map<List<Object>, Replica> toldReplicas = new HashMap<>();
    private HostStatus toldStatus;

    Sampler(
            String host,
            Disks disks,
            Advisor advisor,
            VmMemories memories,
            ReplicaStore replicas,
            Vms vms,
            ExposureHistory exposures,
            Supplier<HostStatus> status,
            Desktops desktops) {
        this.host = host;
        this.disks = disks;
        this.advisor = advisor;
        this.memories = memories;
        this.replicas = replicas;
        this.vms = vms;
        this.exposures = exposures;
        this.status = status;
        this.desktops = desktops;
        this.toldStatus = status.get();
    }

    void start() {
        clock.scheduleAtFixedRate(this::tick, 1, 1, TimeUnit.SECONDS);
    }

    private void tick() {
        try {
            var traffic = new ArrayList<>(disks.traffic());
            memories.count(traffic);
            disks.leftHere().forEach(each -> traffic.add(DiskTraffic.detached(each.vm(), each.exposure())));
            exposures.note(vms.all(), traffic);
            var sample =
                    new TrafficSample(host, System.currentTimeMillis(), System.nanoTime(), traffic, memories.all());
            desktops.tell(desktop -> desktop.traffic(sample));
            for (var replica : replicas.all()) {
                if (!replica.equals(toldReplicas.put(List.of(replica.base(), replica.version()), replica))) {
                    desktops.tell(desktop -> desktop.replicaChanged(replica));
                }
            }
            var now = status.get();
            if (!sameButForRoom(now, toldStatus)) {
                toldStatus = now;
                desktops.tell(desktop -> desktop.hostChanged(now));
            }
            vms.tick();
            advisor.tick();
        } catch (RuntimeException e) {
            // The next second is another chance; a task that throws would never run again.
            LOG.log(Level.ERROR, host + ": sample", e);
        }
    }

    /** Free room changes all the time; a hundredth of the disk is worth telling. */
    private static boolean sameButForRoom(HostStatus one, HostStatus other) {
        return one.nasReachable() == other.nasReachable()
                && one.hypervisor().equals(other.hypervisor())
                && one.problem().equals(other.problem())
                && one.diskBytes() == other.diskBytes()
                && Math.abs(one.diskFreeBytes() - other.diskFreeBytes()) < one.diskBytes() / 100;
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
