package org.triplel.block.qemu;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.triplel.block.UnixSocket;

/**
 * A connection to a QEMU Machine Protocol monitor (QEMU, docs/interop/qmp-spec.txt). A monitor serves one connection at
 * a time, so a Qmp lives only as long as one operation. For one thread.
 */
final class Qmp implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Qmp.class.getName());

    private final SocketChannel channel;
    private final Path socket;
    private final Duration patience;
    private final List<JsonObject> received = new ArrayList<>();
    private Optional<IOException> ended = Optional.empty();

    /** @param patience how long an answer may take */
    Qmp(Path socket, Duration patience) throws IOException {
        this.socket = socket;
        this.patience = patience;
        this.channel = UnixSocket.connect(socket);
        Thread.ofVirtual().name("qmp " + socket).start(this::receive);
        try {
            await("a greeting", message -> message.has("QMP"), patience);
            execute("qmp_capabilities", new JsonObject());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Carries out a command.
     *
     * @throws QmpException if QEMU refuses
     * @throws SocketTimeoutException if no answer comes in time
     */
    void execute(String command, JsonObject arguments) throws IOException {
        var request = new JsonObject();
        request.addProperty("execute", command);
        request.add("arguments", arguments);
        var bytes = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        var answer =
                await("an answer to " + command, message -> message.has("return") || message.has("error"), patience);
        if (answer.has("error")) {
            throw new QmpException(
                    command + ": " + answer.getAsJsonObject("error").get("desc").getAsString());
        }
    }

    /** Waits for an event with these data, however long it takes. */
    void awaitEvent(String name, String key, String value) throws IOException {
        await(
                "event " + name,
                message -> message.has("event")
                        && message.get("event").getAsString().equals(name)
                        && message.getAsJsonObject("data")
                                .get(key)
                                .getAsString()
                                .equals(value),
                Duration.ofDays(365));
    }

    /** Waits until QEMU hangs up, in whatever way a process that ends does. */
    void awaitEnd() throws IOException {
        try {
            await("the end", _ -> false, patience);
        } catch (EOFException | SocketException end) {
            LOG.log(Level.DEBUG, "end of " + socket, end);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private synchronized JsonObject await(String what, Predicate<JsonObject> wanted, Duration time) throws IOException {
        long deadline = System.nanoTime() + time.toNanos();
        while (true) {
            var found = received.stream().filter(wanted).findFirst();
            if (found.isPresent()) {
                received.remove(found.get());
                return found.get();
            }
            if (ended.isPresent()) {
                throw ended.get();
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (millis <= 0) {
                throw new SocketTimeoutException(
                        "no sign of " + what + " on " + socket + " within " + time.toSeconds() + " s");
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for " + what + " on " + socket);
            }
        }
    }

    private void receive() {
        try (var lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                add(JsonParser.parseString(line).getAsJsonObject());
            }
            end(new EOFException("QEMU has hung up on " + socket));
        } catch (IOException e) {
            end(e);
        } catch (JsonParseException | IllegalStateException e) {
            end(new IOException("no QMP on " + socket, e));
        }
    }

    private synchronized void add(JsonObject message) {
        received.add(message);
        notifyAll();
    }

    private synchronized void end(IOException reason) {
        ended = Optional.of(reason);
        notifyAll();
    }
}
