package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.eclipse.lsp4j.jsonrpc.Launcher;
import org.eclipse.lsp4j.jsonrpc.MessageConsumer;
import org.eclipse.lsp4j.jsonrpc.MessageProducer;
import org.eclipse.lsp4j.jsonrpc.RemoteEndpoint;
import org.eclipse.lsp4j.jsonrpc.json.ConcurrentMessageProcessor;
import org.eclipse.lsp4j.jsonrpc.json.MessageJsonHandler;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.AgentService;
import org.triplel.block.UnixSocket;

/** The desktops that are connected to this agent. None of them can hold up the agent or another one. */
final class Desktops implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Desktops.class.getName());

    private record Desktop(SocketChannel channel, AgentListener listener) {}

    private final Set<Desktop> desktops = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("desktop ", 0).factory());

    /** Serves whoever connects, from now on until {@link #close} or until the socket is closed. */
    void serve(UnixSocket socket, AgentService service) {
        threads.execute(() -> accept(socket, service));
    }

    private void accept(UnixSocket socket, AgentService service) {
        while (true) {
            try {
                var channel = socket.accept();
                threads.execute(() -> converse(channel, service));
            } catch (ClosedChannelException e) {
                LOG.log(Level.DEBUG, "no more desktops at " + socket.path(), e);
                return;
            } catch (IOException e) {
                LOG.log(Level.ERROR, "no more desktops at " + socket.path(), e);
                return;
            }
        }
    }

    private void converse(SocketChannel channel, AgentService service) {
        var queue = new OutgoingQueue(channel);
        var sender = Thread.ofPlatform().daemon().name("to a desktop").start(queue::send);
        try (channel) {
            var conversation = new Conversation(channel, queue, service).create();
            var desktop = new Desktop(channel, conversation.getRemoteProxy());
            desktops.add(desktop);
            try {
                conversation.startListening().get();
            } finally {
                desktops.remove(desktop);
            }
        } catch (IOException | ExecutionException | InterruptedException e) {
            LOG.log(Level.WARNING, "conversation with a desktop", e);
        } finally {
            sender.interrupt();
        }
    }

    /** LSP4J's end of a conversation, with a reader that believes nothing. */
    private final class Conversation extends Launcher.Builder<AgentListener> {

        private MessageJsonHandler json;
        private RemoteEndpoint endpoint;

        Conversation(SocketChannel channel, OutgoingQueue queue, AgentService service) {
            setLocalService(service);
            setRemoteInterface(AgentListener.class);
            setInput(Channels.newInputStream(channel));
            setOutput(queue);
            setExecutorService(threads);
        }

        @Override
        protected MessageJsonHandler createJsonHandler() {
            json = super.createJsonHandler();
            return json;
        }

        @Override
        protected RemoteEndpoint createRemoteEndpoint(MessageJsonHandler handler) {
            endpoint = super.createRemoteEndpoint(handler);
            return endpoint;
        }

        @Override
        protected ConcurrentMessageProcessor createMessageProcessor(
                MessageProducer trusting, MessageConsumer consumer, AgentListener proxy) {
            return super.createMessageProcessor(new MessageReader(input, json, endpoint), consumer, proxy);
        }
    }

    /** Sends news to every desktop; does not wait for any. */
    void tell(Consumer<AgentListener> news) {
        for (var desktop : desktops) {
            news.accept(desktop.listener);
        }
    }

    @Override
    public void close() throws IOException {
        for (var desktop : desktops) {
            desktop.channel.close();
        }
        threads.shutdown();
    }
}
