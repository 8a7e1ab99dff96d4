package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.triplel.block.BlockDevice;

/**
 * What busy guests do to a disk: changes of 4K to 128K that overlap as it comes, and a flush now and then.
 *
 * @param threads requests under way at once
 * @param requests of each thread
 */
record GuestWork(int threads, int requests) {

    /** Where a guest is busy, so far from each other that each place has a sector of its own in the image's table. */
    static final int PLACE_DISTANCE = 4 << 20;

    static final int PLACE_BYTES = 1 << 20;

    private static final int SECTOR = PowerCut.SECTOR;
    private static final int SHORTEST = 4 << 10;
    private static final int LONGEST = 128 << 10;

    void on(BlockDevice disk, Random random) throws Exception {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var guests = new ArrayList<Future<Integer>>();
            for (int i = 0; i < threads; i++) {
                guests.add(pool.submit(guest(disk, random.nextLong())));
            }
            for (var guest : guests) {
                guest.get();
            }
        }
    }

    private Callable<Integer> guest(BlockDevice disk, long seed) {
        var random = new Random(seed);
        return () -> {
            for (int i = 0; i < requests; i++) {
                send(disk, random);
            }
            return requests;
        };
    }

    private static void send(BlockDevice disk, Random random) throws IOException {
        int length = Math.min(SHORTEST << random.nextInt(6), LONGEST);
        int unit =
                switch (random.nextInt(4)) {
                    case 0 -> SECTOR;
                    case 1 -> RoutedDisk.CLUSTER_BYTES;
                    default -> SHORTEST;
                };
        int place = random.nextInt((int) disk.size() / PLACE_DISTANCE) * PLACE_DISTANCE;
        long offset = place + unit * random.nextInt(PLACE_BYTES / unit);
        switch (random.nextInt(14)) {
            case 0, 1 -> disk.flush();
            case 2 -> disk.writeZeroes(offset, length, true);
            case 3 -> disk.writeZeroes(offset, length, false);
            case 4, 5 -> disk.trim(offset, length);
            default -> {
                byte[] content = new byte[length];
                random.nextBytes(content);
                disk.write(offset, ByteBuffer.wrap(content));
            }
        }
    }
}
