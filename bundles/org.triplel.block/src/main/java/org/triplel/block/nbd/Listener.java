package org.triplel.block.nbd;

import java.io.IOException;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import org.triplel.block.SocketFile;
import org.triplel.block.linux.Errno;
import org.triplel.block.linux.SocketCalls;

/** A unix socket on which NBD clients arrive. */
final class Listener {

    private final int fd;
    private final SocketFile file;
    private volatile boolean open = true;

    /** Starts to listen; for errors see {@link SocketFile#SocketFile}. */
    Listener(Path path) throws IOException {
        fd = check(SocketCalls.socket(), path);
        try {
            file = new SocketFile(path, hidden -> {
                check(SocketCalls.bind(fd, hidden.toString()), path);
                check(SocketCalls.listen(fd), path);
            });
        } catch (IOException e) {
            SocketCalls.close(fd);
            throw e;
        }
    }

    Path path() {
        return file.path();
    }

    /**
     * Waits for the next client.
     *
     * @throws ClosedChannelException after {@link #close}
     */
    SocketTransport accept() throws IOException {
        int client = SocketCalls.accept(fd);
        if (!open) {
            if (client >= 0) {
                SocketCalls.close(client);
            }
            throw new ClosedChannelException();
        }
        return new SocketTransport(check(client, path()));
    }

    /** Stops listening and ends a waiting {@link #accept}, after which {@link #release} is due. */
    void close() throws IOException {
        open = false;
        SocketCalls.shutdown(fd);
        file.remove();
    }

    /** Gives the descriptor back, once nobody accepts any more. */
    void release() {
        SocketCalls.close(fd);
    }

    private static int check(int result, Path path) throws IOException {
        if (result < 0) {
            throw new SocketException(path + ": " + Errno.describe(-result));
        }
        return result;
    }
}
