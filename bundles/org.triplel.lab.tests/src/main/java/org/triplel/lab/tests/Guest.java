package org.triplel.lab.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** A guest's shell, reached through its guest agent by virsh: none of our code is on the way. */
record Guest(String uri, String domain) {

    /** Characters of base64 in a command: whole bytes, and less than the 128 KiB that Linux allows an argument. */
    private static final int PIECE = 96 << 10;

    /** Runs a shell command in the guest to its end and returns what it printed; a status other than 0 fails. */
    String run(String command, Duration deadline) throws Exception {
        return finish(start(command), command, deadline);
    }

    /** Starts a shell command in the guest and returns its PID there. */
    long start(String command) throws Exception {
        var execution = Map.of(
                "execute",
                "guest-exec",
                "arguments",
                Map.of("path", "/bin/sh", "arg", List.of("-c", command), "capture-output", true));
        return answer(execution, send(execution)).get("pid").getAsLong();
    }

    String finish(long pid, String command, Duration deadline) throws Exception {
        var question = Map.of("execute", "guest-exec-status", "arguments", Map.of("pid", pid));
        var status = new JsonObject[1];
        Until.holds("the guest ends: " + command, deadline, () -> {
            var result = send(question);
            if (result.errors().contains("Guest agent is not responding")) {
                return false; // a guest that swaps all the time may keep it waiting for long
            }
            status[0] = answer(question, result);
            return status[0].get("exited").getAsBoolean();
        });
        String output = decoded(status[0], "out-data");
        if (!status[0].has("exitcode") || status[0].get("exitcode").getAsInt() != 0) {
            throw new AssertionError(
                    "in the guest: " + command + ": " + status[0] + output + decoded(status[0], "err-data"));
        }
        return output;
    }

    /** Copies a file of this machine into the guest. */
    void put(Path file, String there) throws Exception {
        var text = Base64.getEncoder().encodeToString(Files.readAllBytes(file));
        for (int at = 0; at < text.length(); at += PIECE) {
            var piece = text.substring(at, Math.min(text.length(), at + PIECE));
            run("echo " + piece + " | base64 -d >> " + there, World.SOON);
        }
    }

    /** Whether QEMU runs the guest now. */
    boolean running() throws Exception {
        return Tool.run("virsh", "-c", uri, "domstate", domain).strip().equals("running");
    }

    /** A guest whose disk is away for a moment is paused, and then nothing is asked: that waits until it goes on. */
    private Tool.Result send(Object command) throws Exception {
        var arguments = new String[] {
            "virsh", "-c", uri, "qemu-agent-command", domain, "--timeout", "60", new Gson().toJson(command)
        };
        var result = new Tool.Result[1];
        Until.holds("the guest goes on", World.SOON, () -> {
            result[0] = Tool.run(Duration.ofMinutes(3), arguments);
            return !result[0].errors().contains("domain is not running");
        });
        return result[0];
    }

    private JsonObject answer(Object command, Tool.Result result) {
        if (result.status() != 0) {
            throw new AssertionError(domain + ", its guest agent: " + command + ": " + result);
        }
        return JsonParser.parseString(result.output()).getAsJsonObject().getAsJsonObject("return");
    }

    private static String decoded(JsonObject status, String name) {
        return status.has(name)
                ? new String(Base64.getDecoder().decode(status.get(name).getAsString()), UTF_8)
                : "";
    }
}
