package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmPlacement;

/** Real guests that are made while the lab runs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NewVmTest {

    private static final String LAB = "newvm";
    private static final String VM = "web-01";
    private static final String HOST = "client-1";
    private static final long MIB = 1 << 20;
    private static final Path TRIPLEL = Path.of(System.getProperty("triplel.home"), "triplel");
    private static final Duration LONG = Duration.ofMinutes(4);

    @AutoClose
    private final World world;

    NewVmTest() throws Exception {
        world = World.start(LAB);
    }

    private Path overlay(String vm) {
        return world.nas().resolve("vms/" + vm + ".qcow2");
    }

    private static JsonObject info(Path image) throws Exception {
        return JsonParser.parseString(Tool.run("qemu-img", "info", "--output=json", image.toString()))
                .getAsJsonObject();
    }

    private BaseImage base() throws Exception {
        var bases = world.ask(HOST, AgentService::bases);
        assertEquals(1, bases.size(), bases::toString);
        assertEquals("", bases.getFirst().problem());
        return bases.getFirst();
    }

    @Test
    void aVmWithALargerDiskThatIsWrittenBehindBootsAndIsPlacedResetAndDeleted() throws Exception {
        var base = base();
        assertEquals(
                Files.size(world.nas().resolve("bases/" + base.name() + "/v" + base.version() + ".raw")), base.bytes());
        long diskBytes = base.bytes() + 512 * MIB;
        var behind = Placement.behind(Side.LOCAL, 5, 32, "Ada");
        var definition = new VmDefinition(VM, base.name(), base.version(), diskBytes, base.memoryMiB(), behind);
        var made = world.ask(HOST, agent -> agent.defineVm(definition));
        assertTrue(made.placement().acceptedAtMillis() > 0, "when it was accepted is not known");
        assertEquals(behind.acceptedAt(made.placement().acceptedAtMillis()), made.placement());
        var info = info(overlay(VM));
        assertEquals(diskBytes, info.get("virtual-size").getAsLong());
        assertEquals(
                "../bases/" + base.name() + "/v" + base.version() + ".raw",
                info.get("backing-filename").getAsString());
        assertThrows(
                ExecutionException.class,
                () -> world.ask("client-2", agent -> agent.defineVm(definition)),
                "another host has a VM of this name");

        Until.holds(
                "it is in the fleet",
                World.SOON,
                () -> world.fleet().inventory().vm(VM).isPresent());
        world.boot(VM);
        var guest = world.guest(VM);
        assertEquals(VM, guest.run("hostname", LONG).strip());
        assertEquals(
                Long.toString(diskBytes),
                guest.run("cat /sys/block/vda/size", LONG)
                        .strip()
                        .transform(sectors -> Long.toString(512 * Long.parseLong(sectors))));
        assertTrue(Files.exists(world.state(world.vm(VM)).resolve("local/" + VM + ".behind")));
        long behindTheBase = base.bytes() / MIB + 100;
        var sum = guest.run(
                "head -c 3000000 /dev/urandom > /root/random && dd if=/root/random of=/dev/vda bs=1M seek="
                        + behindTheBase + " conv=fsync 2>/dev/null && sha256sum < /root/random",
                LONG);
        world.ask(HOST, agent -> agent.placeVm(new VmPlacement(VM, Placement.safe(Side.NAS))));
        world.shutDown(VM);
        var raw = Files.createTempFile("disk", ".raw");
        try {
            Tool.run("qemu-img", "convert", "-O", "raw", overlay(VM).toString(), raw.toString());
            assertEquals(diskBytes, Files.size(raw));
            assertEquals(
                    sum,
                    Tool.run(
                            "sh",
                            "-c",
                            "dd if=" + raw + " bs=1M skip=" + behindTheBase
                                    + " count=3 status=none | head -c 3000000 | sha256sum"));
        } finally {
            Files.delete(raw);
        }
        assertEquals(Placement.safe(Side.NAS), world.vm(VM).placement());

        world.ask(HOST, agent -> agent.resetVm(VM));
        assertEquals(diskBytes, info(overlay(VM)).get("virtual-size").getAsLong());
        world.ask(HOST, agent -> agent.deleteVm(VM));
        assertFalse(Files.exists(overlay(VM)));
        Until.holds(
                "it is gone", World.SOON, () -> world.fleet().inventory().vm(VM).isEmpty());
        assertFalse(
                Tool.run("virsh", "-c", guest.uri(), "list", "--all", "--name").contains(VM));
    }

    @Test
    void theCommandMakesAndDeletesOne() throws Exception {
        var name = "web-02";
        var lab = LAB + "-" + ProcessHandle.current().pid();
        Tool.run(
                TRIPLEL.toString(),
                "vm",
                "new",
                name,
                "--lab",
                lab,
                "--host",
                "client-2",
                "--base",
                "debian-12",
                "--disk",
                "2GiB",
                "--memory",
                "128MiB",
                "--behind",
                "10",
                "--accept-loss");
        assertEquals(2L << 30, info(overlay(name)).get("virtual-size").getAsLong());
        Until.holds(
                "it is in the fleet",
                World.SOON,
                () -> world.fleet().inventory().vm(name).isPresent());
        assertEquals(128, world.vm(name).memoryMiB());
        assertEquals(10, world.vm(name).placement().rpoSeconds());
        var again = Tool.run(
                LONG, TRIPLEL.toString(), "vm", "new", name, "--lab", lab, "--host", "client-1", "--base", "debian-12");
        assertEquals(1, again.status());
        assertTrue(again.errors().contains("There is already a VM named " + name + ", on client-2."), again::errors);
        var unknown = Tool.run(
                LONG, TRIPLEL.toString(), "vm", "new", "web-03", "--lab", lab, "--host", "client-1", "--base", "win");
        assertTrue(unknown.errors().contains("The NAS has: debian-12 v1."), unknown::errors);
        Tool.run(TRIPLEL.toString(), "vm", "delete", name, "--lab", lab, "--accept-loss");
        assertFalse(Files.exists(overlay(name)));
        assertEquals(List.of(), leftovers());
    }

    private List<Path> leftovers() throws Exception {
        try (var files = Files.list(world.nas().resolve("vms"))) {
            return files.filter(file -> file.toString().endsWith(".new")).toList();
        }
    }
}
