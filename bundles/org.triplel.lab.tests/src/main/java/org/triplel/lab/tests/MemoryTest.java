package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
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
    private static final Duration LONG = Duration.ofMinutes(8);

    /** Little enough that a quarter of the maximum more is enough for what the guest works on. */
    private static final int LITTLE_MIB = 128;

    /** Works on some memory nearly all the time: what does not fit is swapped out and in again; its agent still answers. */
    private static final String WORK =
            "mkdir -p /run/much && (mountpoint -q /run/much || mount -t tmpfs -o size=200m much /run/much)"
                    + " && yes SWAPPED-BY-THE-GUEST | head -c 70m > /run/much/file"
                    + " && (setsid sh -c 'while [ -e /run/much/file ]; do cat /run/much/file; sleep 0.2; done'"
                    + " > /dev/null 2>&1 < /dev/null &)";

    @AutoClose
    private final World world;

    MemoryTest() throws Exception {
        world = World.start(LAB);
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

    /** On average over ten seconds of the guest's. */
    private static double swappedInASecond(Guest guest) throws Exception {
        var pages = guest.run(
                "swapped() { awk '/^pswp/ { sum += $2 } END { print sum }' /proc/vmstat; };"
                        + " before=$(swapped); sleep 10; echo $(($(swapped) - before))",
                LONG);
        return Long.parseLong(pages.strip()) * 4096 / 10.0;
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
        int more = LITTLE_MIB + maximum / 4;
        Until.holds("as much more is proposed as is given at once", LONG, () -> memory().proposedMiB() == more);
        var before = memory();
        assertTrue(before.swap().lasting(), before::toString);
        assertEquals(LITTLE_MIB, before.targetMiB(), "it was given without being asked");
        assertEquals(more, before.proposedMiB(), before::toString);
        assertTrue(swapOnTheHost() > 0, "it does not swap to its host");
        assertTrue(swapped(guest) * 4096 > before.swap().bytesPerSecond(), "the guest knows nothing of it");

        set(more);
        Until.holds(
                "the guest has it", World.SOON, () -> kibibytes(guest, "MemTotal") == whole - (maximum - more) * 1024L);
        // not none: what lies in the swap area of programs that wake up now and then comes back in the course of time
        long hardly = before.swap().bytesPerSecond() / 20;
        Until.holds("it hardly swaps any more", LONG, () -> {
            var swap = memory().swap();
            return !swap.lasting() && swap.bytesPerSecond() < hardly;
        });
        Until.holds("the guest says so, too", LONG, () -> swappedInASecond(guest) < hardly);
        assertEquals(0, memory().proposedMiB());
        guest.run("pgrep -f 'cat /run/much/file'", LONG); // it still works
        assertEquals(more, memory().targetMiB(), "it was taken back");
        guest.run("rm /run/much/file", LONG);

        int given = aGuestIsGivenMemoryByItself(guest, maximum);

        world.shutDown(VM);
        Until.holds("the agent knows that it is off", World.SOON, () -> memory().currentMiB() == 0);
        assertEquals(given, memory().targetMiB(), "it begins with that the next time");
    }

    /** Returns what it is left with. */
    private int aGuestIsGivenMemoryByItself(Guest guest, int maximum) throws Exception {
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
        world.ask(host(), agent -> agent.giveMemory(new MemoryGiving(VM, false)));
        int given = memory().targetMiB();
        assertTrue(given <= LITTLE_MIB + maximum / 4, () -> given + " MiB");
        Until.holds("the guest has it", World.SOON, () -> balloon(guest) == given * 1024L);
        assertTrue(
                world.ask(host(), AgentService::events).stream()
                        .anyMatch(event -> event.vm().equals(VM)
                                && event.message().contains("from now on, " + LITTLE_MIB + " before: it swapped")),
                "no event tells so");
        guest.run("rm /run/much/file", LONG);
        return given;
    }
}
