package org.triplel.lab;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.eclipse.lsp4j.jsonrpc.JsonRpcException;
import org.triplel.block.UnixSocket;

/** A connection to a JSON-RPC service on a unix socket, for a few requests. */
final class Remote<T> implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Remote.class.getName());

    private final Path socket;
    private final SocketChannel channel;
    private final Future<Void> listening;
    private final T service;

    /**
     * @param socket where the service listens
     * @param local is told what the service sends by itself
     * @param type the service's interface
     */
    Remote(Path socket, Object local, Class<T> type) throws IOException {
        this.socket = socket;
        this.channel = UnixSocket.connect(socket);
        var speaker = JsonRpc.on(channel, local, type);
        this.listening = speaker.startListening();
        this.service = speaker.getRemoteProxy();
    }

    /** Sends a request and waits for its answer. */
    <R> R call(Duration patience, Function<T, CompletableFuture<R>> request) throws IOException {
        try {
            return request.apply(service)
                    .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof TimeoutException timeout
                    ? new IOException(socket + ": no answer within " + patience.toSeconds() + " s", timeout)
                    : failure(e.getCause());
        } catch (JsonRpcException e) {
            throw failure(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.shutdownInput(); // the listening thread sees an end instead of a failure
        try {
            listening.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            LOG.log(Level.DEBUG, "listening to " + socket, e);
        } finally {
            channel.close();
        }
    }

    private IOException failure(Throwable cause) {
        var message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new IOException(socket + ": " + message, cause);
    }
}
