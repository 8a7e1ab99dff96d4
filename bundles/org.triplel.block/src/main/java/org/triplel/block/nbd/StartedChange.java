package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.triplel.block.BlockException;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.DeviceLostException;

/** A change that nobody waits for. */
final class StartedChange implements Pending {

    private final Request request;
    private final ChangeCompletion completion;
    private Optional<BlockException> failure = Optional.empty();

    StartedChange(Request request, ChangeCompletion completion) {
        this.request = request;
        this.completion = completion;
    }

    @Override
    public Request request() {
        return request;
    }

    @Override
    public void data(long offset, long length, Inbox inbox) throws IOException {
        throw new IOException("the server answers a change with data");
    }

    @Override
    public void zeroes(long offset, long length) throws IOException {
        throw new IOException("the server answers a change with data");
    }

    @Override
    public void status(ByteBuffer payload) throws IOException {
        throw new IOException("the server answers a change with a block status");
    }

    @Override
    public void failed(int errno, String message) {
        failure = Optional.of(new BlockException(BlockException.Errno.of(errno), message));
    }

    @Override
    public void finish() {
        failure.ifPresentOrElse(completion::failed, completion::done);
    }

    @Override
    public void lose(IOException cause) {
        completion.failed(new DeviceLostException(cause.getMessage(), cause));
        completion.settle();
    }

    @Override
    public void settle() {
        completion.settle();
    }
}
