/**
 * What a client does to a server.
 *
 * @param name for the table
 * @param kind what is sent
 * @param random anywhere on the disk, or from its beginning to its end and again
 * @param blockBytes of each request
 * @param depth how many requests are under way
 * @param goal the ratio to the best peer that we want; 0 if none is set
 * @param client who does it
 * @param cold whether the image is not in the page cache at first
 */
record Workload(
        String name, Kind kind, boolean random, int blockBytes, int depth, double goal, Client client, boolean cold) {

    enum Kind {
        READ,
        WRITE,
        /** Each write is followed by a flush. */
        WRITE_AND_FLUSH
    }

    enum Client {
        /** Our own, which costs next to nothing. */
        LIGHT,
        FIO
    }

    /** By the light client, on a warm cache. */
    Workload(String name, Kind kind, boolean random, int blockBytes, int depth, double goal) {
        this(name, kind, random, blockBytes, depth, goal, Client.LIGHT, false);
    }

    String unit() {
        return blockBytes >= 65536 ? "MiB/s" : "IOPS";
    }

    /** In {@link #unit()}. */
    double rate(long requests, double seconds) {
        return blockBytes >= 65536 ? requests * (double) blockBytes / (1 << 20) / seconds : requests / seconds;
    }
}
