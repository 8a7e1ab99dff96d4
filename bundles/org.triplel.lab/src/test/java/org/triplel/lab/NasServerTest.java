package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.nbd.NbdClient;

/** The NAS process against libnbd's tools, which know nothing of us. */
@Timeout(120)
class NasServerTest {

    private static final int MIB = 1 << 20;
    private static final NasLink FREE = new NasLink(0, 0);

    @TempDir
    private Path temp;

    private Path nas;
    private byte[] base;
    private NasServer server;
    private Remote<NasControl> control;

    @BeforeEach
    void start() throws IOException {
        nas = Files.createDirectory(temp.resolve("nas"));
        base = new byte[8 * MIB];
        new Random(1).nextBytes(base);
        Files.createDirectories(nas.resolve("bases/debian-12"));
        Files.createDirectories(nas.resolve("vms"));
        Files.write(nas.resolve("bases/debian-12/v1.raw"), base);
        Files.write(temp.resolve("secret.raw"), base);
        server = new NasServer(new NasConfig(nas, temp.resolve("nbd.sock"), temp.resolve("control.sock"), FREE));
        control = new Remote<>(temp.resolve("control.sock"), new Object(), NasControl.class);
    }

    @AfterEach
    void stop() throws IOException {
        control.close();
        server.close();
    }

    @Test
    void countsWhatCrossedTheLink() throws Exception {
        var copy = temp.resolve("copy");
        Shell.succeed("nbdcopy", uri("bases/debian-12/v1.raw"), copy.toString());
        assertArrayEquals(base, Files.readAllBytes(copy));
        Files.write(nas.resolve("vms/desk-01.qcow2"), new byte[2 * MIB]);
        Files.write(copy, Arrays.copyOf(base, 2 * MIB));
        Shell.succeed("nbdcopy", "--connections=1", "--flush", copy.toString(), uri("vms/desk-01.qcow2"));
        assertArrayEquals(Files.readAllBytes(copy), Files.readAllBytes(nas.resolve("vms/desk-01.qcow2")));

        var counters = counters();
        assertEquals(8L * MIB, file(counters, "bases/debian-12/v1.raw").readBytes());
        assertEquals(0, file(counters, "bases/debian-12/v1.raw").writeBytes());
        assertEquals(2L * MIB, file(counters, "vms/desk-01.qcow2").writeBytes());
        assertEquals(0, file(counters, "vms/desk-01.qcow2").readBytes());
        assertTrue(file(counters, "vms/desk-01.qcow2").flushes() >= 1);
        assertEquals(8L * MIB, counters.total().readBytes());
        assertEquals(2L * MIB, counters.total().writeBytes());
    }

    @Test
    void theLinkCarriesNoMoreThanItsBandwidth() throws Exception {
        setLink(new NasLink(4 * MIB, 0));
        long start = System.nanoTime();
        Shell.succeed("nbdcopy", uri("bases/debian-12/v1.raw"), "null:");
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertTrue(millis >= 1_950, "8 MiB at 4 MiB/s took " + millis + " ms");
        assertTrue(millis < 20_000, "8 MiB at 4 MiB/s took " + millis + " ms");
    }

    /** What a killed image daemon has sent must not arrive after what its successor writes. */
    @Test
    void whatAnEarlierClientSentIsDoneOrRefusedBeforeTheNextOnesFirstRequest() throws Exception {
        int blocks = 64;
        var image = nas.resolve("vms/desk-01.qcow2");
        Files.write(image, new byte[blocks * 4096]);
        setLink(new NasLink(0, 200_000));
        try (var threads = Executors.newCachedThreadPool()) {
            var killed = NbdClient.connect(temp.resolve("nbd.sock"), "vms/desk-01.qcow2");
            for (int block = 0; block < blocks; block++) {
                long offset = block * 4096L;
                threads.submit(() -> {
                    killed.write(offset, filled(1, 4096));
                    return offset;
                });
            }
            Waiting.until(
                    "its writes are under way",
                    () -> file(counters(), "vms/desk-01.qcow2").writeRequests() > 0);
            killed.close();
            try (var next = NbdClient.connect(temp.resolve("nbd.sock"), "vms/desk-01.qcow2")) {
                next.write(
                        0, filled(2, blocks * 4096)); // takes one turn of the link, what was sent before takes several
            }
        }
        server.close(); // waits for every request
        var expected = new byte[blocks * 4096];
        Arrays.fill(expected, (byte) 2);
        assertArrayEquals(expected, Files.readAllBytes(image));
    }

    private static ByteBuffer filled(int value, int length) {
        var bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    @Test
    void clientsShareTheBandwidth() throws Exception {
        setLink(new NasLink(8 * MIB, 0));
        long start = System.nanoTime();
        Shell.succeed(
                "sh", "-c", "nbdcopy \"$1\" null: & nbdcopy \"$1\" null: & wait", "two", uri("bases/debian-12/v1.raw"));
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertEquals(16L * MIB, counters().total().readBytes());
        assertTrue(millis >= 1_950, "16 MiB at 8 MiB/s took " + millis + " ms");
    }

    @Test
    void latencyHoldsEachRequestBack() throws Exception {
        setLink(new NasLink(0, 20_000));
        long start = System.nanoTime();
        Shell.succeed("nbdcopy", "--synchronous", "--request-size=262144", uri("bases/debian-12/v1.raw"), "null:");
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertTrue(millis >= 32 * 20, "32 reads one by one with 20 ms of latency took " + millis + " ms");
    }

    @Test
    void aNewBandwidthHelpsThoseWhoWaitAlready() throws Exception {
        setLink(new NasLink(100_000, 0));
        var copy = new ProcessBuilder("nbdcopy", uri("bases/debian-12/v1.raw"), "null:").start();
        try {
            Waiting.until("a copy is under way", () -> counters().total().readRequests() > 0);
            setLink(FREE);
            Waiting.until("the copy that would take 80 s is done", () -> !copy.isAlive());
            assertEquals(0, copy.exitValue());
        } finally {
            copy.destroyForcibly();
        }
    }

    @Test
    void onlyImagesAreExported() throws Exception {
        Files.writeString(nas.resolve("vms/notes.txt"), "x");
        Files.createSymbolicLink(nas.resolve("vms/linked.qcow2"), temp.resolve("secret.raw"));
        Files.createSymbolicLink(nas.resolve("bases/elsewhere"), temp);
        Files.copy(temp.resolve("secret.raw"), temp.resolve("v1.raw"));
        var list = Shell.succeed("nbdinfo", "--list", uri(""));
        assertTrue(list.contains("bases/debian-12/v1.raw"), list);
        assertFalse(list.contains("notes") || list.contains("linked") || list.contains("elsewhere"), list);
        Shell.fail("nbdinfo", uri("vms/notes.txt"));
        Shell.fail("nbdinfo", uri("vms/linked.qcow2"));
        Shell.fail("nbdinfo", uri("bases/elsewhere/v1.raw"));
        Shell.fail("nbdinfo", uri("../secret.raw"));
        Shell.fail("nbdinfo", uri("bases/../../secret.raw"));
        Shell.fail("nbdinfo", uri(temp.resolve("secret.raw").toString()));
    }

    @Test
    void nobodyChangesABase() throws Exception {
        assertEquals("true", field("bases/debian-12/v1.raw", "is_read_only"));
        Files.write(nas.resolve("vms/desk-01.qcow2"), new byte[MIB]);
        assertEquals("false", field("vms/desk-01.qcow2", "is_read_only"));
    }

    @Test
    void anImageThatWasReplacedIsOpenedAnew() throws Exception {
        var overlay = nas.resolve("vms/desk-01.qcow2");
        Files.write(overlay, new byte[MIB]);
        assertEquals(
                Integer.toString(MIB),
                Shell.succeed("nbdinfo", "--size", uri("vms/desk-01.qcow2")).strip());
        Files.write(temp.resolve("new"), new byte[2 * MIB]);
        Files.move(temp.resolve("new"), overlay, StandardCopyOption.ATOMIC_MOVE);
        assertEquals(
                Integer.toString(2 * MIB),
                Shell.succeed("nbdinfo", "--size", uri("vms/desk-01.qcow2")).strip());
    }

    private String field(String export, String name) throws Exception {
        var json = Shell.succeed("nbdinfo", "--json", uri(export));
        var matcher = Pattern.compile("\"" + name + "\": (\\w+)").matcher(json);
        assertTrue(matcher.find(), json);
        return matcher.group(1);
    }

    private NasCounters counters() throws IOException {
        return control.call(Duration.ofSeconds(10), NasControl::counters);
    }

    private void setLink(NasLink link) throws IOException {
        assertEquals(link, control.call(Duration.ofSeconds(10), nas -> nas.setLink(link)));
    }

    private static NasTraffic file(NasCounters counters, String name) {
        return counters.files().stream()
                .filter(file -> file.file().equals(name))
                .findAny()
                .orElseThrow();
    }

    private String uri(String export) {
        return "nbd+unix:///" + export + "?socket=" + temp.resolve("nbd.sock");
    }
}
