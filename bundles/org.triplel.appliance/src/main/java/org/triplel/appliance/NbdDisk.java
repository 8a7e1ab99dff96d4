package org.triplel.appliance;

import com.google.gson.JsonObject;
import java.nio.file.Path;

/**
 * A disk that an NBD server exports.
 *
 * @param socket of the server
 * @param export which of its disks
 */
public record NbdDisk(Path socket, String export) {

    /** As a block node of QEMU (qapi/block-core.json). */
    JsonObject node(String name) {
        var server = new JsonObject();
        server.addProperty("type", "unix");
        server.addProperty("path", socket.toString());
        var node = new JsonObject();
        node.addProperty("driver", "nbd");
        node.addProperty("node-name", name);
        node.add("server", server);
        node.addProperty("export", export);
        return node;
    }
}
