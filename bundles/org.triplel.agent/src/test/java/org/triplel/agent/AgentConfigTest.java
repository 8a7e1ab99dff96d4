package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.hypervisor.Accelerator;
import org.triplel.router.SendRate;

class AgentConfigTest {

    private static final String COMPLETE = """
            name=client-1
            state=/var/lib/triplel
            run=/run/triplel
            router=/run/triplel/router
            nas.folder=/srv/nas
            libvirt.uri=qemu:///system
            accelerator=kvm
            """;

    @TempDir
    Path folder;

    private AgentConfig read(String text) throws IOException {
        return AgentConfig.read(Files.writeString(folder.resolve("agent.properties"), text));
    }

    @Test
    void isRead() throws IOException {
        assertEquals(
                new AgentConfig(
                        "client-1",
                        Path.of("/var/lib/triplel"),
                        Path.of("/run/triplel/router"),
                        Path.of("/run/triplel"),
                        Path.of("/srv/nas"),
                        Optional.empty(),
                        "qemu:///system",
                        Accelerator.KVM,
                        SendRate.UNLIMITED),
                read(COMPLETE));
        assertEquals(
                Optional.of(Path.of("/nas.sock")),
                read(COMPLETE + "nas.link=/nas.sock").nasLink());
    }

    @Test
    void namesWhatIsWrong() {
        refused("'state' is missing", COMPLETE.replace("state=", "stat="));
        refused("'name' is '../x'; 1 to 63 letters, digits, '-' and '_' are allowed", COMPLETE + "name=../x");
        refused("'accelerator' is 'xen', not 'kvm' or 'tcg'", COMPLETE + "accelerator=xen");
        refused(
                "'behind.megabytes-per-second' is '0', not a whole number from 1 to 100000",
                COMPLETE + "behind.megabytes-per-second=0");
        refused(
                "'behind.megabytes-per-second' is '1.5', not a whole number from 1 to 100000",
                COMPLETE + "behind.megabytes-per-second=1.5");
        refused("'/a\0b' is no path", COMPLETE + "run=/a\\u0000b");
    }

    private void refused(String problem, String text) {
        var error = assertThrows(IOException.class, () -> read(text));
        assertEquals(folder.resolve("agent.properties") + ": " + problem, error.getMessage());
    }
}
