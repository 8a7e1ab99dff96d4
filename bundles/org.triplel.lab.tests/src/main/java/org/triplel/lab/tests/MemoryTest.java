package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.VmMemory;

/** A real guest that swaps while its host has memory: it is proposed for more, gets it, and swaps no more. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MemoryTest {

    private static final String LAB = "memory";
    private static final String VM = "desk-01";
    private static final Path TRIPLEL = Path.of(System.getProperty("triplel.home"), "triplel");
    private static final Duration LONG = Duration.ofMinutes(4);

    /** Little enough that a quarter of the maximum more is enough for what the guest works on. */
    private static final int LITTLE_MIB = 128;

    /** Works on some memory all the time: what does not fit is swapped out and in again. */
    private static final String WORK =
            "mkdir -p /run/much && (mountpoint -q /run/much || mount -t tmpfs -o size=200m much /run/much)"
                    + " && yes SWAPPED-BY-THE-GUEST | head -c 85m > /run/much/file"
                    + " && (setsid sh -c 'while [ -e /run/much/file ]; do cat /run/much/file; done'"
                    + " > /dev/null 2>&1 < /dev/null &)";

    private World world;

    @BeforeAll
    void startLab() throws Exception {
        world = World.start(LAB);
    }

    @AfterAll
    void endLab() throws Exception {
        if (world != null) { // the lab did start
            world.close();
        }
    }

    private String host() {
        return world.vm(VM).host();
    }

    private VmMemory memory() throws Exception {
        return world.ask(host(), agent -> agent.memory(VM));
    }

    private VmMemory set(int mebibytes) throws Exception {
        return world.ask(host(), agent -> agent.setMemory(new MemoryTarget(VM, mebibytes)));
    }

    private static long kibibytes(Guest guest, String key) throws Exception {
        return Long.parseLong(guest.run("awk '/^" + key + ":/ { print $2 }' /proc/meminfo", LONG)
                .strip());
    }

    /** How many pages the guest's kernel has swapped in and out since it was started. */
    private static long swapped(Guest guest) throws Exception {
        return Long.parseLong(guest.run("awk '/^pswp/ { sum += $2 } END { print sum }' /proc/vmstat", LONG)
                .strip());
    }

    private long swapOnTheHost() throws Exception {
        return world.ask(host(), agent -> agent.diskMap(VM)).ranges().stream()
                .filter(range -> range.kind() == DiskMap.Kind.SWAP)
                .mapToLong(DiskMap.Range::localBytes)
                .sum();
    }

    /** What libvirt says of the balloon, in KiB. */
    private long balloon(Guest guest) throws Exception {
        var stats = Tool.run("virsh", "-c", guest.uri(), "dommemstat", VM);
        return stats.lines()
                .filter(line -> line.startsWith("actual "))
                .mapToLong(line -> Long.parseLong(line.substring("actual ".length())))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aGuestThatSwapsIsProposedForMoreGetsItAndSwapsNoMore() throws Exception {
        world.boot(VM);
        var guest = world.guest(VM);
        int maximum = memory().maximumMiB();
        assertTrue(memory().balloon());
        assertEquals(maximum, memory().targetMiB());
        Until.holds("the guest tells of its memory", World.SOON, () -> memory().guestAvailableBytes() > 0);
        long whole = kibibytes(guest, "MemTotal");

        set(LITTLE_MIB);
        Until.holds("the guest gave it up", World.SOON, () -> balloon(guest) == LITTLE_MIB * 1024L);
        assertEquals(whole - (maximum - LITTLE_MIB) * 1024L, kibibytes(guest, "MemTotal"));
        Until.holds("the agent knows", World.SOON, () -> memory().currentMiB() == LITTLE_MIB);
        guest.run(WORK, LONG);
        Until.holds("more is proposed", LONG, () -> memory().proposedMiB() > 0);
        var before = memory();
        assertTrue(before.swap().lasting(), before::toString);
        assertEquals(LITTLE_MIB, before.targetMiB(), "it was given without being asked");
        assertEquals(LITTLE_MIB + maximum / 4, before.proposedMiB(), before::toString);
        assertTrue(swapOnTheHost() > 0, "it does not swap to its host");
        assertTrue(swapped(guest) * 4096 > before.swap().bytesPerSecond(), "the guest knows nothing of it");

        set(before.proposedMiB());
        Until.holds(
                "the guest has it",
                World.SOON,
                () -> kibibytes(guest, "MemTotal") == whole - (maximum - before.proposedMiB()) * 1024L);
        Until.holds("it swaps little", LONG, () -> memory().swap().seconds() < 15);
        long pages = swapped(guest);
        Until.holds("it swaps no more", LONG, () -> memory().swap().seconds() == 0);
        assertEquals(pages, swapped(guest));
        guest.run("pgrep -f 'cat /run/much/file'", LONG); // it still works
        assertEquals(before.proposedMiB(), memory().targetMiB(), "it was taken back");
        guest.run("rm /run/much/file", LONG);

        aGuestIsGivenMemoryByItself(guest, maximum);

        world.shutDown(VM);
        Until.holds("the agent knows that it is off", World.SOON, () -> memory().currentMiB() == 0);
        assertEquals(LITTLE_MIB + maximum / 4, memory().targetMiB(), "it begins with that the next time");
    }

    private void aGuestIsGivenMemoryByItself(Guest guest, int maximum) throws Exception {
        var command = JsonParser.parseString(Tool.run(
                        TRIPLEL.toString(),
                        "vm",
                        "memory",
                        VM,
                        "--target",
                        LITTLE_MIB + "MiB",
                        "--give",
                        "on",
                        "--json",
                        "--lab",
                        LAB + "-" + ProcessHandle.current().pid()))
                .getAsJsonArray()
                .get(0)
                .getAsJsonObject();
        assertEquals(LITTLE_MIB, command.get("targetMiB").getAsInt());
        assertEquals("on", command.get("give").getAsString());
        guest.run(WORK, LONG);
        Until.holds("it was given more", LONG, () -> memory().targetMiB() > LITTLE_MIB);
        assertEquals(LITTLE_MIB + maximum / 4, memory().targetMiB());
        Until.holds("the guest has it", World.SOON, () -> balloon(guest) == (LITTLE_MIB + maximum / 4) * 1024L);
        assertTrue(
                world.ask(host(), AgentService::events).stream()
                        .anyMatch(event -> event.vm().equals(VM)
                                && event.message().contains("from now on, " + LITTLE_MIB + " before: it swapped")),
                "no event tells so");
        world.ask(host(), agent -> agent.giveMemory(new MemoryGiving(VM, false)));
        guest.run("rm /run/much/file", LONG);
    }
}
