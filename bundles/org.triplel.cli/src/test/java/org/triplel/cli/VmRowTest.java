package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/** What scripts read of a VM. */
class VmRowTest {

    private static final VmRow ROW =
            row(Placement.behind(Side.LOCAL, 10, 64, "ada").withBase(Side.NAS), JournalDisk.NONE);

    private static VmRow row(Placement placement, JournalDisk disk) {
        return VmRow.of(
                new Vm(
                        "desk-01",
                        "client-1",
                        VmState.RUNNING,
                        "debian-12",
                        1,
                        1,
                        1,
                        placement,
                        true,
                        disk,
                        1,
                        1,
                        RecoveryStage.NONE,
                        "",
                        "The guest has no such journal."),
                new Exposure(4_200_000, 12_000));
    }

    @Test
    void jsonTellsWhatWouldBeLostAndThatItIsChanging() {
        var text = new StringWriter();
        new JsonOutput(new PrintWriter(text, true)).many(VmRow.class, List.of(ROW));
        var row =
                JsonParser.parseString(text.toString()).getAsJsonArray().get(0).getAsJsonObject();
        assertEquals(4_200_000, row.get("exposedBytes").getAsLong());
        assertEquals(12_000, row.get("exposedMillis").getAsLong());
        assertEquals(true, row.get("changing").getAsBoolean());
        assertEquals(10, row.get("behindSeconds").getAsInt());
        assertEquals(64, row.get("behindMiB").getAsInt());
        assertEquals("nas", row.get("journal").getAsString());
        assertEquals("nas", row.get("baseReads").getAsString());
        assertEquals("host", row.get("swap").getAsString());
        assertEquals("The guest has no such journal.", row.get("remark").getAsString());
    }

    @Test
    void aJournalOnADiskOfTheHostIsOnTheHost() {
        var through = Placement.safe(Side.LOCAL);
        var disk = JournalDisk.wanted(64, JournalDisk.Mode.ORDERED, 0, "ada");
        assertEquals(PlacementOptions.Place.host, row(through, disk).journal());
        assertEquals(
                PlacementOptions.Place.nas,
                row(through, JournalDisk.wantedSwap(64)).journal());
    }

    @Test
    void tableHasAColumnForEach() {
        var text = new StringWriter();
        new TextOutput(new PrintWriter(text, true)).many(VmRow.class, List.of(ROW));
        var lines = text.toString().lines().toList();
        var titles = List.of(lines.getFirst().split(" +"));
        assertTrue(lines.getLast().contains("The guest has no such journal."), lines::toString);
        var values = List.of(lines.getLast().split(" +"));
        assertEquals("4200000", values.get(titles.indexOf("exposedBytes")));
        assertEquals("12000", values.get(titles.indexOf("exposedMillis")));
        assertEquals("true", values.get(titles.indexOf("changing")));
    }
}
