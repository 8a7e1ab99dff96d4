package org.triplel.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Where one NAS client of the lab lies.
 *
 * @param name the client's name
 * @param folder its folder
 */
record ClientFolders(String name, Path folder) {

    static final List<String> NAMES = List.of("client-1", "client-2");

    /** One letter each: the paths of libvirt's own sockets are long enough. */
    private static final Map<String, String> XDG = Map.of(
            "XDG_RUNTIME_DIR", "r",
            "XDG_CONFIG_HOME", "c",
            "XDG_CACHE_HOME", "k",
            "XDG_DATA_HOME", "d");

    /** What the agent keeps, for itself alone. */
    Path state() {
        return folder.resolve("state");
    }

    /** Where QEMU finds the router's socket; the hypervisor's user can pass through, but put nothing in its place. */
    Path router() {
        return folder.resolve("router");
    }

    Path agentSocket() {
        return state().resolve("agent.sock");
    }

    /** The guests' consoles. */
    Path run() {
        return folder.resolve("run");
    }

    Path agentConfig() {
        return folder.resolve("agent.properties");
    }

    Path libvirtConfig() {
        return folder.resolve("libvirtd.conf");
    }

    Path libvirtSocket() {
        return folder.resolve("r/libvirt/libvirt-sock");
    }

    String libvirtUri() {
        return "qemu+unix:///session?socket=" + libvirtSocket();
    }

    /** Where libvirt leaves the numbers of its QEMU processes. */
    Path qemuProcesses() {
        return folder.resolve("r/libvirt/qemu/run");
    }

    /** Where the agent leaves which image daemons it has. */
    Path imageDaemons() {
        return state().resolve("daemons");
    }

    /** The variables that give libvirtd its own world. */
    Map<String, String> environment() {
        var result = new LinkedHashMap<String, String>();
        result.put("HOME", folder.toString());
        XDG.forEach(
                (variable, part) -> result.put(variable, folder.resolve(part).toString()));
        return result;
    }

    void create(HypervisorUser user) throws LabException, IOException {
        LabFolders.createPassable(folder);
        LabFolders.createPrivate(state());
        LabFolders.createPassable(router());
        for (var part : List.of("run", "r", "c", "c/libvirt", "k", "d")) {
            LabFolders.createPrivate(folder.resolve(part));
            user.own(folder.resolve(part));
        }
        writeOnce(
                libvirtConfig(),
                "# libvirt refuses a migration between hosts of the same identity",
                "host_uuid = \"" + UUID.randomUUID() + "\"",
                "auth_unix_ro = \"none\"",
                "auth_unix_rw = \"none\"");
        writeOnce(folder.resolve("c/libvirt/qemu.conf"), "# there is no virtlogd", "stdio_handler = \"file\"");
    }

    private static void writeOnce(Path file, String... lines) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            Files.write(file, List.of(lines), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            LabFolders.permit(file, "rw-r--r--");
        }
    }
}
