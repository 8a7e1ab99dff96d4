package org.triplel.agent.simulated;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.eclipse.lsp4j.jsonrpc.JsonRpcException;
import org.eclipse.lsp4j.jsonrpc.Launcher;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.AgentService;

/** Offers an {@link AgentService} on a unix socket to any number of desktops. */
final class AgentServer implements AutoCloseable {

    private record Desktop(SocketChannel channel, AgentListener listener) {}

    private final Path socket;
    private final AgentService service;
    private final ServerSocketChannel server;
    private final List<Desktop> desktops = new CopyOnWriteArrayList<>();
    private final ExecutorService readers = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("simulated agent ", 0).factory());

    AgentServer(Path socket, AgentService service) throws IOException {
        this.socket = socket;
        this.service = service;
        Files.deleteIfExists(socket);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        readers.execute(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                serve(server.accept());
            }
        } catch (IOException e) {
            System.getLogger(AgentServer.class.getName()).log(System.Logger.Level.DEBUG, "closed", e);
        }
    }

    private void serve(SocketChannel channel) {
        readers.execute(() -> {
            try (channel) {
                talk(channel);
            } catch (IOException | ExecutionException | InterruptedException e) {
                // the desktop is gone
                desktops.removeIf(desktop -> desktop.channel == channel);
            }
        });
    }

    private void talk(SocketChannel channel) throws ExecutionException, InterruptedException {
        var launcher = new Launcher.Builder<AgentListener>()
                .setLocalService(service)
                .setRemoteInterface(AgentListener.class)
                .setInput(Channels.newInputStream(channel))
                .setOutput(Channels.newOutputStream(channel))
                .setExecutorService(readers)
                .create();
        desktops.add(new Desktop(channel, launcher.getRemoteProxy()));
        launcher.startListening().get();
        desktops.removeIf(desktop -> desktop.channel == channel);
    }

    /** Sends a notification to every desktop. */
    void tell(Consumer<AgentListener> news) {
        for (var desktop : desktops) {
            try {
                news.accept(desktop.listener);
            } catch (JsonRpcException e) {
                desktops.remove(desktop);
            }
        }
    }

    private static void hangUp(SocketChannel channel) throws IOException {
        try {
            channel.shutdownInput();
            channel.shutdownOutput();
        } catch (ClosedChannelException e) {
            System.getLogger(AgentServer.class.getName()).log(System.Logger.Level.DEBUG, "the desktop was quicker", e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (var desktop : desktops) {
            hangUp(desktop.channel);
        }
        Files.deleteIfExists(socket);
        readers.shutdown();
    }
}
