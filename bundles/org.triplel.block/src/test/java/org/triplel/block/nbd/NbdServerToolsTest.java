package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockException;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.Tool;

/** The server against the clients of libnbd, QEMU and fio. */
class NbdServerToolsTest {

    private static final long SIZE = 64 << 20;

    @TempDir
    Path folder;

    private Path image;
    private FileDevice disk;
    private FileDevice base;
    private NbdServer server;
    private Path socket;

    @BeforeEach
    void start() throws IOException {
        image = sparse("disk.raw", SIZE);
        disk = FileDevice.open(image);
        base = FileDevice.openReadOnly(sparse("base.raw", 4 << 20));
        socket = folder.resolve("router.sock");
        server = new NbdServer(
                socket, new ExportMap(Map.of("desk-01/vda", disk, "base/debian-12/v1", base)), Clients.MANY);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        disk.close();
        base.close();
    }

    @Test
    void listsItsExports() {
        var list = Tool.run("nbdinfo", "--list", Tool.uri(socket, ""));
        assertTrue(list.contains("export=\"base/debian-12/v1\""), list);
        assertTrue(list.contains("export=\"desk-01/vda\""), list);
    }

    @Test
    void saysWhatItOffers() {
        var info = Tool.run("nbdinfo", Tool.uri(socket, "desk-01/vda"));
        assertTrue(info.contains("newstyle-fixed without TLS, using structured packets"), info);
        for (var feature : new String[] {
            "export-size: " + SIZE,
            "is_read_only: false",
            "can_cache: true",
            "can_df: true",
            "can_fast_zero: true",
            "can_flush: true",
            "can_fua: true",
            "can_multi_conn: true",
            "can_trim: true",
            "can_zero: true",
            "block_size_minimum: 1\n",
            "block_size_preferred: 4096\n",
            "block_size_maximum: 33554432\n",
            "base:allocation"
        }) {
            assertTrue(info.contains(feature), feature + " is not in\n" + info);
        }
        assertFalse(info.contains("x-triplel:class"), "a file knows no classes");
        var readOnly = Tool.run("nbdinfo", Tool.uri(socket, "base/debian-12/v1"));
        assertTrue(readOnly.contains("is_read_only: true"), readOnly);
        assertTrue(readOnly.contains("can_zero: false"), readOnly);
    }

    @Test
    void refusesAnUnknownExport() {
        var output = Tool.fail("nbdinfo", Tool.uri(socket, "desk-02/vda"));
        assertTrue(output.contains("No such file or directory for export: desk-02/vda"), output);
    }

    @Test
    void mapsHoles() throws IOException {
        disk.write(1 << 20, ByteBuffer.wrap(new byte[1 << 20]));
        var map = Tool.run("nbdinfo", "--map", Tool.uri(socket, "desk-01/vda"))
                .lines()
                .map(l -> l.trim().replaceAll(" +", " "))
                .toList();
        assertEquals(
                List.of(
                        "0 1048576 3 hole,zero",
                        "1048576 1048576 0 data",
                        "2097152 " + (SIZE - (2 << 20)) + " 3 hole,zero"),
                map);
    }

    @Test
    @Tag("thorough")
    void copiesInAndOut() throws IOException {
        var source = folder.resolve("source.raw");
        var content = new byte[(int) SIZE];
        new Random(1).nextBytes(content);
        Arrays.fill(content, 5 << 20, 9 << 20, (byte) 0);
        Files.write(source, content);
        Tool.run("nbdcopy", "--flush", source.toString(), Tool.uri(socket, "desk-01/vda"));
        assertEquals(-1, Files.mismatch(source, image));
        var out = folder.resolve("out.raw");
        Tool.run("nbdcopy", Tool.uri(socket, "desk-01/vda"), out.toString());
        assertEquals(-1, Files.mismatch(source, out));
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), Tool.uri(socket, "desk-01/vda"));
        var qcow2 = folder.resolve("out.qcow2");
        Tool.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", Tool.uri(socket, "desk-01/vda"), qcow2.toString());
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", source.toString(), qcow2.toString());
    }

    /** What is not there is neither read nor written. */
    @Test
    @Tag("thorough")
    void copiesALargeSparseDisk() throws Exception {
        long size = 8L << 30;
        var source = sparse("large.raw", size);
        try (var file = new RandomAccessFile(source.toFile(), "rw")) {
            var content = new byte[3 << 20];
            for (long at : new long[] {0, (1L << 32) - 1000, size - content.length}) {
                new Random(at).nextBytes(content);
                file.seek(at);
                file.write(content);
            }
        }
        var copied = sparse("copied.raw", size);
        var largeSocket = folder.resolve("large.sock");
        try (var large = FileDevice.open(copied);
                var server = new NbdServer(largeSocket, new SingleExport("large", large), Clients.MANY)) {
            Tool.run("nbdcopy", "--flush", source.toString(), Tool.uri(largeSocket, "large"));
            assertSame(source, copied);
            var out = sparse("out.raw", size);
            Tool.run("nbdcopy", "--destination-is-zero", Tool.uri(largeSocket, "large"), out.toString());
            assertSame(source, out);
        }
    }

    private static void assertSame(Path source, Path copy) throws IOException {
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), copy.toString());
        var blocks = Tool.run("stat", "--format=%b", copy.toString()).strip();
        assertTrue(Long.parseLong(blocks) * 512 < 64 << 20, blocks + " blocks are allocated");
    }

    /** Four jobs for ten minutes, each on a quarter of the disk. */
    @Test
    @Tag("long")
    void keepsWhatFioWritesForLong() {
        var fio = new ArrayList<>(List.of("fio"));
        for (int job = 0; job < 4; job++) {
            fio.addAll(List.of(
                    "--name=job" + job,
                    "--offset=" + job * SIZE / 4,
                    "--size=" + SIZE / 4,
                    "--ioengine=nbd",
                    "--uri=" + Tool.uri(socket, "desk-01/vda"),
                    "--rw=randwrite",
                    "--bsrange=4k-128k",
                    "--iodepth=32",
                    "--time_based",
                    "--runtime=600",
                    "--fsync=64",
                    "--verify=crc32c",
                    "--verify_fatal=1",
                    "--verify_state_save=0",
                    "--verify_backlog=256",
                    "--serialize_overlap=1",
                    "--thread"));
        }
        var output = Tool.run(Duration.ofMinutes(15), fio.toArray(String[]::new));
        assertEquals(4, output.split("err= 0", -1).length - 1, output);
    }

    @Test
    void doesWhatQemuIoAsks() throws IOException {
        var output = Tool.run(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 7 513 4097",
                "-c",
                "write -f -P 8 1M 64k",
                "-c",
                "write -z 2000 1000",
                "-c",
                "write -z -u 1M 32k",
                "-c",
                "write -P 9 3M 64k",
                "-c",
                "write -z -n -u 3M 64k", // only if that is fast
                "-c",
                "read -P 0 3M 64k",
                "-c",
                "discard 8M 1M",
                "-c",
                "flush",
                "-c",
                "read -P 7 513 1487",
                "-c",
                "read -P 0 2000 1000",
                "-c",
                "read -P 7 3000 1610",
                "-c",
                "read -P 0 1M 32k",
                "-c",
                "read -P 8 1081344 32k",
                Tool.uri(socket, "desk-01/vda"));
        assertTrue(!output.contains("failed"), output);
        Tool.run("qemu-io", "-f", "raw", "-c", "read -P 7 513 1487", image.toString());
    }

    @Test
    void keepsWhatFioWritesAndVerifies() {
        var output = Tool.run(
                "fio",
                "--name=verify",
                "--ioengine=nbd",
                "--uri=" + Tool.uri(socket, "desk-01/vda"),
                "--rw=randwrite",
                "--bsrange=512-256k",
                "--bs_unaligned=1",
                "--iodepth=16",
                "--size=" + SIZE,
                "--fsync=64",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--verify_state_save=0",
                "--serialize_overlap=1");
        assertTrue(output.contains("err= 0"), output);
    }

    @Test
    void clientsHearOfABrokenDiskAndGoOn() throws IOException {
        var broken = new ForwardingDevice(disk) {
            @Override
            public void read(long offset, ByteBuffer into) throws IOException {
                if (offset < 4096) {
                    throw new IOException("a broken sector");
                }
                super.read(offset, into);
            }

            @Override
            public void write(long offset, ByteBuffer from) throws IOException {
                throw new BlockException(BlockException.Errno.ENOSPC, "full");
            }
        };
        var other = folder.resolve("broken.sock");
        try (var _ = new NbdServer(other, new SingleExport("b", broken), Clients.MANY)) {
            var uri = Tool.uri(other, "b");
            var output = Tool.fail(
                    "qemu-io", "-f", "raw", "-c", "read 0 512", "-c", "write 8k 512", "-c", "read -P 0 4k 512", uri);
            assertTrue(output.contains("read failed: Input/output error"), output);
            assertTrue(output.contains("write failed: No space left on device"), output);
            assertTrue(output.contains("read 512/512 bytes at offset 4096"), output);
            disk.write(0, ByteBuffer.allocate(4096)); // no hole, so that it is read
            var copy = Tool.fail("nbdcopy", uri, "null:");
            assertTrue(copy.contains("Input/output error"), copy);
        }
    }

    private Path sparse(String name, long size) throws IOException {
        var path = folder.resolve(name);
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(size);
        }
        return path;
    }
}
