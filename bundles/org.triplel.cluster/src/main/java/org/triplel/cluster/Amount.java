package org.triplel.cluster;

/** Requests and the bytes they moved. */
public record Amount(long requests, long bytes) {

    public static final Amount NONE = new Amount(0, 0);

    public Amount plus(Amount other) {
        return new Amount(requests + other.requests, bytes + other.bytes);
    }

    Amount minus(Amount other) {
        return new Amount(requests - other.requests, bytes - other.bytes);
    }

    boolean isNone() {
        return requests == 0 && bytes == 0;
    }
}
