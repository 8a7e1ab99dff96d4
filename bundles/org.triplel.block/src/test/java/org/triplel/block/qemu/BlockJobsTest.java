package org.triplel.block.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.Await;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.Tool;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;

/** Block jobs of a QEMU whose disk is our export, carried out by the block layer of a real qemu-storage-daemon. */
@Timeout(60)
@Tag("thorough")
class BlockJobsTest {

    private static final int SIZE = 8 << 20;

    @TempDir
    Path folder;

    private Path image;
    private Path copy;
    private Map<String, BlockDevice> devices;
    private NbdServer server;
    private Process process;
    private Qmp qemu;

    @BeforeEach
    void start() throws IOException {
        byte[] content = new byte[SIZE];
        new Random(1).nextBytes(content);
        image = Files.write(folder.resolve("disk.raw"), content);
        copy = Files.write(folder.resolve("copy.raw"), new byte[SIZE]);
        devices = Map.of("disk", FileDevice.open(image), "copy", FileDevice.open(copy));
        server = new NbdServer(folder.resolve("router.sock"), new ExportMap(devices), Clients.ONE);
        var monitor = folder.resolve("qmp.sock");
        process = Tool.start(
                folder.resolve("qemu.log"),
                "qemu-storage-daemon",
                "--chardev",
                "socket,id=qmp,path=" + monitor + ",server=on,wait=off",
                "--monitor",
                "chardev=qmp",
                "--blockdev",
                node("disk", "disk"));
        Await.until("a monitor", () -> Tool.listens(monitor));
        qemu = new Qmp(monitor, Duration.ofSeconds(20));
    }

    @AfterEach
    void stop() throws Exception {
        qemu.close();
        process.destroy();
        process.waitFor();
        server.close();
        for (var device : devices.values()) {
            device.close();
        }
    }

    private String node(String name, String export) {
        return """
                {"driver": "nbd", "node-name": "%s", "auto-read-only": true, "reconnect-delay": 20, "export": "%s", "server": {"type": "unix", "path": "%s"}}""".formatted(name, export, folder.resolve("router.sock"));
    }

    private void execute(String command, String arguments) throws IOException {
        qemu.execute(command, JsonParser.parseString(arguments).getAsJsonObject());
    }

    private void copyBy(String job) throws IOException {
        execute("blockdev-add", node("copy", "copy"));
        execute(job, """
                {"job-id": "job", "device": "disk", "target": "copy", "sync": "full"}""");
    }

    private void assertCopied() {
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), copy.toString());
    }

    @Test
    void aDiskIsMirroredToAnotherExport() throws IOException {
        copyBy("blockdev-mirror");
        qemu.awaitEvent("BLOCK_JOB_READY", "device", "job");
        execute("block-job-complete", """
                {"device": "job"}""");
        qemu.awaitEvent("BLOCK_JOB_COMPLETED", "device", "job");
        assertCopied();
    }

    @Test
    void aDiskIsBackedUpToAnotherExport() throws IOException {
        copyBy("blockdev-backup");
        qemu.awaitEvent("BLOCK_JOB_COMPLETED", "device", "job");
        assertCopied();
    }

    /** QEMU sees two disks, and would wipe the one before it reads the other. */
    @Test
    void aMirrorOntoTheSameExportIsRefused() throws IOException {
        var before = Files.readAllBytes(image);
        var refused = assertThrows(QmpException.class, () -> execute("blockdev-add", node("same", "disk")));
        assertTrue(refused.getMessage().contains("Denied by server"), refused.getMessage());
        assertEquals(-1, Files.mismatch(image, Files.write(folder.resolve("before.raw"), before)));
        aDiskIsMirroredToAnotherExport();
    }

    /** Of those that reconnect after a restart of the server, one gets the disk, and can write to it. */
    @Test
    void aDiskIsTakenAgainAfterARestart() throws Exception {
        server.close();
        server = new NbdServer(folder.resolve("router.sock"), new ExportMap(devices), Clients.ONE);
        var uri = Tool.uri(folder.resolve("router.sock"), "disk");
        Tool.run("nbdinfo", uri); // comes first, and leaves
        aDiskIsMirroredToAnotherExport();
        var refused = Tool.fail("nbdinfo", uri);
        assertTrue(refused.contains("opt_go"), refused);
        qemu.execute("quit", new JsonObject());
        process.waitFor();
        Tool.run("qemu-io", "-f", "raw", "-c", "write -P 7 1M 64k", uri);
        assertTrue(Tool.run("nbdinfo", uri).contains("can_multi_conn: false"));
    }
}
