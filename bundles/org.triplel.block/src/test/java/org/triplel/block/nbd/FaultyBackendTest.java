package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.Await;
import org.triplel.block.Tool;

/** The server in front of a disk, at the other end of our client, that fails now and then: nbdkit's error filter. */
@Timeout(120)
class FaultyBackendTest {

    private static final String CLIENT = """
            import errno, os, random, sys
            uri, trigger = sys.argv[1:3]
            random.seed(3)
            h = nbd.NBD()
            h.connect_uri(uri)
            model = bytearray(h.get_size())
            told = {"read": 0, "write": 0, "zero": 0}
            done = dict(told)

            def expect(kind, error, operation):
                try:
                    operation()
                    done[kind] += 1
                    return True
                except nbd.Error as failure:
                    assert failure.errnum == error, (kind, failure)
                    told[kind] += 1
                    return False

            def read(offset, length):
                assert h.pread(length, offset) == model[offset:offset + length], (offset, length)

            def place():
                length = random.choice((512, 4096, 65536, 300000))
                return random.randrange((len(model) - length) // 512) * 512, length

            def work(count):
                for i in range(count):
                    offset, length = place()
                    kind = random.choice(("read", "write", "zero"))
                    if kind == "read":
                        expect(kind, errno.EIO, lambda: read(offset, length))
                        continue
                    content = random.randbytes(length) if kind == "write" else bytes(length)
                    change = (lambda: h.pwrite(content, offset)) if kind == "write" else (lambda: h.zero(length, offset))
                    if expect(kind, errno.ENOSPC if kind == "write" else errno.EINVAL, change):
                        model[offset:offset + length] = content
                    if i % 50 == 0:
                        h.flush()

            work(200)
            assert not any(told.values()), told
            open(trigger, "w").close()
            work(900)
            # several at once: each gets its own answer
            under_way = []
            for i in range(64):
                offset, length = place()
                buffer = nbd.Buffer(length)
                under_way.append((h.aio_pread(buffer, offset), buffer, offset, length))
            sound = 0
            while under_way:
                h.poll(-1)
                for entry in list(under_way):
                    cookie, buffer, offset, length = entry
                    try:
                        if not h.aio_command_completed(cookie):
                            continue
                        assert buffer.to_bytearray() == model[offset:offset + length], (offset, length)
                        sound += 1
                    except nbd.Error as failure:
                        assert failure.errnum == errno.EIO, failure
                    under_way.remove(entry)
            assert 0 < sound < 64, sound
            assert all(told.values()) and all(done.values()), (told, done)
            os.remove(trigger)
            seen = told.copy()
            work(200)
            assert told == seen, (told, seen)
            for offset in range(0, len(model), 1 << 20):
                read(offset, 1 << 20)
            h.shutdown()
            print("all right")
            """;

    @TempDir
    Path folder;

    @Test
    void eachRequestGetsItsOwnErrorAndTheConnectionLives() throws IOException, InterruptedException {
        var backend = folder.resolve("n");
        var trigger = folder.resolve("trigger");
        var nbdkit = Tool.start(
                folder.resolve("log"),
                "nbdkit",
                "-f",
                "-U",
                backend.toString(),
                "--filter=error",
                "memory",
                "16M",
                "error-file=" + trigger,
                "error-pread=EIO",
                "error-pread-rate=30%",
                "error-pwrite=ENOSPC",
                "error-pwrite-rate=30%",
                "error-zero=EINVAL",
                "error-zero-rate=30%");
        try {
            Await.until("nbdkit listens", () -> Tool.listens(backend));
            var script = Files.writeString(folder.resolve("client.py"), CLIENT);
            var front = folder.resolve("s");
            try (var disk = NbdClient.connect(backend, "");
                    var _ = new NbdServer(front, new SingleExport("d", disk), Clients.MANY)) {
                var output = Tool.run(
                        "python3",
                        "-c",
                        "import nbd, sys; exec(open(sys.argv[3]).read())",
                        Tool.uri(front, "d"),
                        trigger.toString(),
                        script.toString());
                assertEquals("all right", output.strip());
            }
        } finally {
            nbdkit.descendants().forEach(ProcessHandle::destroyForcibly);
            nbdkit.destroyForcibly().waitFor();
        }
    }
}
