package org.triplel.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.triplel.block.qemu.ProcessIdentity;

/**
 * Finds out whether KVM runs guests here, by running one: on nested machines {@code /dev/kvm} may be there and a guest
 * still hang in its firmware. The answer is kept until the machine is started anew.
 */
final class KvmProbe {

    /** Whether KVM runs guests; if not, why not. */
    record Result(boolean usable, String reason) {}

    static final Path DEVICE = Path.of("/dev/kvm");
    private static final Duration LIMIT = Duration.ofSeconds(8);
    private static final String PROOF = "triplel-kvm-runs";
    private static final String USABLE = "usable";

    private final Path answer;
    private final HypervisorUser user;
    private final String accelerator;

    /**
     * @param cache where the answer is kept
     * @param user who will run guests
     */
    KvmProbe(Path cache, HypervisorUser user) {
        this(cache, user, "kvm");
    }

    KvmProbe(Path cache, HypervisorUser user, String accelerator) {
        this.answer = cache.resolve("kvm-" + user.uid());
        this.user = user;
        this.accelerator = accelerator;
    }

    /** The answer of this machine's present life; runs {@code guest}'s kernel for up to 8 s if there is none yet. */
    Result probe(GuestImage guest, Progress progress) throws IOException {
        if (!Files.exists(DEVICE)) {
            return new Result(false, DEVICE + " does not exist");
        }
        var boot =
                ProcessIdentity.of(ProcessHandle.current().pid()).orElseThrow().bootId();
        if (Files.exists(answer)) {
            var lines = Files.readAllLines(answer);
            if (lines.size() == 2 && lines.get(0).equals(boot)) {
                return new Result(lines.get(1).equals(USABLE), lines.get(1));
            }
        }
        progress.step("Trying whether KVM runs guests");
        var result = run(guest);
        var unfinished = answer.resolveSibling(answer.getFileName() + ".new");
        Files.write(unfinished, List.of(boot, result.usable ? USABLE : result.reason));
        Files.move(unfinished, answer, StandardCopyOption.ATOMIC_MOVE);
        return result;
    }

    /** The kernel starts echo as its init, panics when that ends, and QEMU exits instead of starting it anew. */
    private Result run(GuestImage guest) throws IOException {
        var command = new ArrayList<>(user.change());
        command.addAll(List.of("qemu-system-x86_64", "-accel", accelerator, "-m", "128", "-smp", "1"));
        command.addAll(List.of("-machine", "q35", "-cpu", accelerator.equals("kvm") ? "host" : "qemu64"));
        command.addAll(List.of("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"));
        command.addAll(List.of(
                "-kernel", guest.kernel().toString(), "-initrd", guest.initrd().toString()));
        command.addAll(List.of("-append", "console=ttyS0 quiet panic=-1 rdinit=/bin/busybox -- echo " + PROOF));
        var output = Files.createTempFile("triplel-kvm", ".log");
        try {
            var qemu = new ProcessBuilder(command)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = ended(qemu);
            qemu.destroyForcibly().onExit().join();
            var text = Files.readString(output, StandardCharsets.ISO_8859_1);
            if (text.contains(PROOF)) {
                return new Result(true, USABLE);
            }
            if (!ended) {
                return new Result(false, "a guest hung under KVM for " + LIMIT.toSeconds() + " s");
            }
            var last = text.lines().filter(line -> !line.isBlank()).reduce("QEMU ended at once", (a, b) -> b);
            return new Result(false, last.strip());
        } finally {
            Files.delete(output);
        }
    }

    private static boolean ended(Process process) {
        try {
            process.onExit().orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
            return true;
        } catch (CompletionException e) {
            return false;
        }
    }
}
