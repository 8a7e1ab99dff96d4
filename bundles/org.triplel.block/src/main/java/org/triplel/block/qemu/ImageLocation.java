package org.triplel.block.qemu;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.time.Duration;

/** Where QEMU finds the bytes of an image file. */
public sealed interface ImageLocation {

    /** A file on a local or mounted file system; locked by QEMU while it is open. */
    record LocalFile(Path path) implements ImageLocation {

        @Override
        public JsonObject node(String name) {
            var node = new JsonObject();
            node.addProperty("driver", "file");
            node.addProperty("node-name", name);
            node.addProperty("filename", path.toAbsolutePath().toString());
            node.addProperty("locking", "on");
            node.addProperty("discard", "unmap");
            return node;
        }
    }

    /**
     * An export of an NBD server on a unix socket.
     *
     * @param reconnect how long requests wait for a lost server to come back before they fail
     */
    record NbdExport(Path socket, String export, Duration reconnect) implements ImageLocation {

        @Override
        public JsonObject node(String name) {
            var server = new JsonObject();
            server.addProperty("type", "unix");
            server.addProperty("path", socket.toAbsolutePath().toString());
            var node = new JsonObject();
            node.addProperty("driver", "nbd");
            node.addProperty("node-name", name);
            node.add("server", server);
            node.addProperty("export", export);
            node.addProperty("reconnect-delay", reconnect.toSeconds());
            node.addProperty("discard", "unmap");
            return node;
        }
    }

    /** The description of a block node that opens it (QEMU, qapi/block-core.json, BlockdevOptions). */
    JsonObject node(String name);
}
