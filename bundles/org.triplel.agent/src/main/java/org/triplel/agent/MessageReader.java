package org.triplel.agent;

import com.google.gson.JsonParseException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.eclipse.lsp4j.jsonrpc.MessageConsumer;
import org.eclipse.lsp4j.jsonrpc.MessageIssueException;
import org.eclipse.lsp4j.jsonrpc.MessageIssueHandler;
import org.eclipse.lsp4j.jsonrpc.MessageProducer;
import org.eclipse.lsp4j.jsonrpc.json.MessageJsonHandler;

/**
 * Reads a desktop's messages: header lines with {@code Content-Length}, an empty line, and so many bytes of JSON. Unlike
 * LSP4J's own reader it believes no length, and gives up on a peer that speaks something else.
 */
final class MessageReader implements MessageProducer {

    private static final System.Logger LOG = System.getLogger(MessageReader.class.getName());

    private static final int MAX_HEADER_BYTES = 4_096;
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final String LENGTH = "content-length:";

    private final InputStream input;
    private final MessageJsonHandler json;
    private final MessageIssueHandler issues;

    /** @param issues told of messages that are JSON but no proper requests; it answers them */
    MessageReader(InputStream input, MessageJsonHandler json, MessageIssueHandler issues) {
        this.input = input;
        this.json = json;
        this.issues = issues;
    }

    /** Returns when the peer has left, or speaks something else. */
    @Override
    public void listen(MessageConsumer consumer) {
        try {
            for (int length = readHeader(); length >= 0; length = readHeader()) {
                var content = input.readNBytes(length);
                if (content.length < length) {
                    throw new EOFException("the peer left within a message");
                }
                dispatch(new String(content, StandardCharsets.UTF_8), consumer);
            }
        } catch (ClosedChannelException e) {
            LOG.log(Level.DEBUG, "a desktop was hung up on", e);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a desktop is hung up on: {0}", e.getMessage());
        }
    }

    private void dispatch(String content, MessageConsumer consumer) throws IOException {
        try {
            consumer.consume(json.parseMessage(content));
        } catch (MessageIssueException e) {
            if (e.getRpcMessage() == null) {
                throw new IOException("no JSON-RPC message: " + e.getMessage(), e);
            }
            issues.handle(e.getRpcMessage(), e.getIssues());
        } catch (JsonParseException e) {
            throw new IOException("no JSON: " + e.getMessage(), e);
        }
    }

    /** The length of the message that follows, or -1 if the peer has left. */
    private int readHeader() throws IOException {
        int length = -1;
        for (int left = MAX_HEADER_BYTES; ; ) {
            var line = readLine(left);
            left -= line.length() + 1;
            if (line.isEmpty()) {
                return length;
            }
            var lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith(LENGTH)) {
                length = length(lower.substring(LENGTH.length()).strip());
            }
        }
    }

    /** A line without its end, or an empty one if the peer has left. */
    private String readLine(int maxBytes) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = input.read(); b != '\n'; b = input.read()) {
            if (b < 0) {
                if (line.size() > 0) {
                    throw new EOFException("the peer left within a header");
                }
                return "";
            }
            if (line.size() >= maxBytes) {
                throw new IOException("a header of more than " + MAX_HEADER_BYTES + " bytes");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.US_ASCII).stripTrailing();
    }

    private static int length(String digits) throws IOException {
        if (!digits.matches("[0-9]{1,9}") || Integer.parseInt(digits) > MAX_MESSAGE_BYTES) {
            throw new IOException("a message of '" + digits + "' bytes; at most " + MAX_MESSAGE_BYTES + " are read");
        }
        return Integer.parseInt(digits);
    }
}
