package org.triplel.block;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** A unix socket that listens in the file system, see {@link SocketFile}. */
public final class UnixSocket implements AutoCloseable {

    private final ServerSocketChannel channel;
    private final SocketFile file;

    /** Starts to listen; for errors see {@link SocketFile#SocketFile}. */
    public UnixSocket(Path path) throws IOException {
        channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            file = new SocketFile(path, hidden -> channel.bind(UnixDomainSocketAddress.of(hidden)));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Connects to the server that listens at {@code path}. */
    public static SocketChannel connect(Path path) throws IOException {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(SocketFile.checkLength(path)));
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) {
            var failure = new ConnectException("Cannot connect to " + path.toAbsolutePath() + ": " + e.getMessage());
            failure.initCause(e);
            throw failure;
        }
    }

    /** Waits for the next client. */
    public SocketChannel accept() throws IOException {
        return channel.accept();
    }

    public Path path() {
        return file.path();
    }

    /** Stops listening and removes the socket file, unless another server has replaced it meanwhile. */
    @Override
    public void close() throws IOException {
        channel.close();
        file.remove();
    }
}
