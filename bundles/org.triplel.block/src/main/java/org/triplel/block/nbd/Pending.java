package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A request that has no whole reply yet. All methods are called by the client's reader thread, in the order of the chunks. */
interface Pending {

    Request request();

    /** The inbox has, or will get, {@code length} bytes of content for {@code offset}; this takes all of them. */
    void data(long offset, long length, Inbox inbox) throws IOException;

    /** The content at {@code offset} is zeroes. */
    void zeroes(long offset, long length) throws IOException;

    /** The payload of a block status chunk. */
    void status(ByteBuffer payload) throws IOException;

    void failed(int errno, String message);

    /** The reply is whole. */
    void finish() throws IOException;

    /** There will be no reply: what the request has done is unknown. */
    void lose(IOException cause);

    /** No other reply follows at once. */
    void settle();
}
