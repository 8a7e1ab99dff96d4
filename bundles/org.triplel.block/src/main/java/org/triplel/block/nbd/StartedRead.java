package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.triplel.block.ReadCompletion;

/** A read that nobody waits for. Its content must come in one piece; everything else counts as a failure. */
final class StartedRead implements Pending {

    private final Request request;
    private final ReadCompletion completion;
    private boolean delivered;
    private boolean wrong;

    /** @param request of at most as many bytes as the client's inbox has */
    StartedRead(Request request, ReadCompletion completion) {
        this.request = request;
        this.completion = completion;
    }

    @Override
    public Request request() {
        return request;
    }

    @Override
    public void data(long offset, long length, Inbox inbox) throws IOException {
        if (delivered || wrong || offset != request.offset() || length != request.length()) {
            wrong = true;
            inbox.discard(length);
            return;
        }
        inbox.await((int) length);
        delivered = true;
        completion.data(inbox.memory(), inbox.position());
        inbox.skip((int) length);
    }

    @Override
    public void zeroes(long offset, long length) {
        wrong = true;
    }

    @Override
    public void status(ByteBuffer payload) throws IOException {
        throw new IOException("the server answers a read with a block status");
    }

    @Override
    public void failed(int errno, String message) {
        wrong = true;
    }

    @Override
    public void finish() throws IOException {
        if (delivered && wrong) {
            throw new IOException("the server takes back what it sent for a read at " + request.offset());
        }
        if (!delivered) {
            completion.failed();
        }
    }

    @Override
    public void lose(IOException cause) {
        if (!delivered) {
            completion.failed();
        }
        completion.settle();
    }

    @Override
    public void settle() {
        completion.settle();
    }
}
