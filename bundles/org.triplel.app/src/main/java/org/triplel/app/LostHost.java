package org.triplel.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/**
 * A host that never was, and is said to have what a VM of the lab wrote last: so the tour can show how that VM is recovered.
 *
 * @param nas the folder of the lab's NAS
 * @param name of the host
 */
record LostHost(Path nas, String name) {

    /** Says so on the NAS, in the words of an agent. */
    void claim(String vm) throws IOException {
        var overlay = "vms/" + vm + ".qcow2";
        var claim = nas.resolve(".triplel/behind").resolve(overlay + ".properties");
        Files.createDirectories(claim.resolveSibling(""));
        Files.writeString(
                claim,
                String.join(
                        "\n",
                        "host=" + name,
                        "log=" + UUID.randomUUID(),
                        "image=" + overlay + ' ' + Files.getAttribute(nas.resolve(overlay), "unix:ino"),
                        "since=" + Instant.now().truncatedTo(ChronoUnit.SECONDS),
                        "state=OPEN",
                        "renewals=0",
                        ""));
    }
}
