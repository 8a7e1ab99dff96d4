package org.triplel.lab;

import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executors;
import org.eclipse.lsp4j.jsonrpc.Launcher;

/** Speaks JSON-RPC on a socket, in the framing of the Language Server Protocol. */
final class JsonRpc {

    private JsonRpc() {}

    /** A speaker for the socket that has not begun yet; its thread ends when the socket is closed. */
    static <T> Launcher<T> on(SocketChannel channel, Object local, Class<T> remote) {
        return new Launcher.Builder<T>()
                .setLocalService(local)
                .setRemoteInterface(remote)
                .setInput(Channels.newInputStream(channel))
                .setOutput(Channels.newOutputStream(channel))
                .setExecutorService(Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().daemon().name("json-rpc").factory()))
                .create();
    }
}
