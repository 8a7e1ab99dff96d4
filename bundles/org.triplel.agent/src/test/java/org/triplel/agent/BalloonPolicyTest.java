package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.agent.BalloonPolicy.Decision;
import org.triplel.agent.BalloonPolicy.Guest;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.hypervisor.DomainMemory;

class BalloonPolicyTest {

    private static final long MIB = 1L << 20;

    /** Fast enough to want the largest step. */
    private static final SwapVelocity FAST = new SwapVelocity(20 * MIB, 55);

    private static final HostMemory LARGE = new HostMemory(64L << 30, 60L << 30);

    private static DomainMemory memory(int maximum, int target, int current) {
        return new DomainMemory(true, maximum, target, current, false, Optional.empty());
    }

    private static Decision decide(DomainMemory memory, SwapVelocity swap, HostMemory host) {
        return BalloonPolicy.decide(List.of(new Guest("desk-01", memory, swap)), host)
                .get("desk-01");
    }

    /** With 16 GiB, of which so much is left beyond the reserve. */
    private static HostMemory spare(long mebibytes) {
        long total = 16L << 30;
        return new HostMemory(total, total / 10 + mebibytes * MIB);
    }

    @Test
    void aQuarterOfTheMaximumIsGivenAtOnce() {
        assertEquals(new Decision.More(384), decide(memory(512, 256, 256), FAST, LARGE));
    }

    @Test
    void noMoreIsGivenThanWasSwapped() {
        // 2 MiB a second are 120 in a minute; that is given in pieces of 16
        assertEquals(
                new Decision.More(256 + 128), decide(memory(4096, 256, 256), new SwapVelocity(2 * MIB, 60), LARGE));
        assertEquals(new Decision.More(256 + 16), decide(memory(4096, 256, 256), new SwapVelocity(1, 60), LARGE));
        assertEquals(new Decision.Enough(), decide(memory(4096, 256, 256), new SwapVelocity(0, 60), LARGE));
    }

    @Test
    void theMaximumIsNeverExceeded() {
        assertEquals(new Decision.More(512), decide(memory(512, 508, 508), FAST, LARGE));
        assertEquals(new Decision.AtMaximum(), decide(memory(512, 512, 512), FAST, LARGE));
        assertEquals(new Decision.AtMaximum(), decide(memory(512, 256, 512), FAST, LARGE), "no driver: it has all");
    }

    @Test
    void whoeverSwapsLittleOrNotForLongHasEnough() {
        assertEquals(new Decision.Enough(), decide(memory(512, 256, 256), SwapVelocity.NONE, LARGE));
        assertEquals(new Decision.Enough(), decide(memory(512, 256, 256), new SwapVelocity(20 * MIB, 30), LARGE));
        assertEquals(new Decision.More(384), decide(memory(512, 256, 256), new SwapVelocity(20 * MIB, 31), LARGE));
    }

    @Test
    void withoutABalloonNothingCanBeGiven() {
        assertEquals(
                new Decision.NoBalloon(),
                decide(new DomainMemory(false, 512, 512, 512, true, Optional.empty()), FAST, LARGE));
    }

    @Test
    void aGuestThatDoesNotTakeItGetsNoMore() {
        assertEquals(new Decision.NotTaken(), decide(memory(512, 256, 200), FAST, LARGE));
        assertEquals(new Decision.NotTaken(), decide(memory(512, 512, 200), FAST, LARGE));
    }

    @Test
    void whatTheGuestStillHasIsNotTakenFromIt() {
        assertEquals(new Decision.More(428), decide(memory(512, 256, 300), FAST, LARGE));
    }

    @Test
    void theHostKeepsItsReserve() {
        assertEquals(new Decision.More(384), decide(memory(512, 256, 256), FAST, spare(128)));
        assertEquals(new Decision.More(256 + 112), decide(memory(512, 256, 256), FAST, spare(127)));
        assertEquals(new Decision.HostShort(), decide(memory(512, 256, 256), FAST, spare(15)));
        assertEquals(new Decision.HostShort(), decide(memory(512, 256, 256), FAST, new HostMemory(16L << 30, 0)));
    }

    @Test
    void severalShareByHowFastTheySwap() {
        var slow = new Guest("slow", memory(1024, 256, 256), new SwapVelocity(10 * MIB, 60));
        var fast = new Guest("fast", memory(1024, 256, 256), new SwapVelocity(30 * MIB, 60));
        var calm = new Guest("calm", memory(1024, 256, 256), SwapVelocity.NONE);
        var guests = List.of(fast, calm, slow);
        assertEquals(
                Map.of(
                        "slow", new Decision.More(512),
                        "fast", new Decision.More(512),
                        "calm", new Decision.Enough()),
                BalloonPolicy.decide(guests, spare(512)));
        assertEquals(
                Map.of(
                        "slow", new Decision.More(256 + 64),
                        "fast", new Decision.More(256 + 192),
                        "calm", new Decision.Enough()),
                BalloonPolicy.decide(guests, spare(256)));
        assertEquals(
                Map.of(
                        "slow", new Decision.HostShort(),
                        "fast", new Decision.More(256 + 16),
                        "calm", new Decision.Enough()),
                BalloonPolicy.decide(guests, spare(20)));
    }

    @Test
    void whatOneDoesNotWantTheOthersShare() {
        var small = new Guest("small", memory(128, 112, 112), new SwapVelocity(30 * MIB, 60));
        var large = new Guest("large", memory(1024, 256, 256), new SwapVelocity(10 * MIB, 60));
        assertEquals(
                Map.of("small", new Decision.More(128), "large", new Decision.More(256 + 112)),
                BalloonPolicy.decide(List.of(large, small), spare(128)));
    }

    @Test
    void allTogetherNeverGetMoreThanTheHostCanSpare() {
        for (int spare = 0; spare < 600; spare += 7) {
            var guests = new ArrayList<Guest>();
            for (int number = 1; number <= 9; number++) {
                guests.add(new Guest(
                        "desk-0" + number, memory(256 * number, 128, 128), new SwapVelocity(number * 777_777L, 60)));
            }
            int given = BalloonPolicy.decide(guests, spare(spare)).values().stream()
                    .mapToInt(decision -> decision instanceof Decision.More(int target) ? target - 128 : 0)
                    .sum();
            assertTrue(given <= spare, "of " + spare + " MiB " + given + " were given");
            assertTrue(spare - given < 16, "of " + spare + " MiB only " + given + " were given");
        }
    }
}
