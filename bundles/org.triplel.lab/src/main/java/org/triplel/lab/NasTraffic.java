package org.triplel.lab;

/**
 * What crossed the NAS's link, counted on its NAS side since the NAS was started. Bytes are those of the images; the
 * protocol's own are not counted.
 *
 * @param file the image, relative to the NAS folder, or "" for all together
 * @param readRequests reads
 * @param readBytes what the reads brought to the clients
 * @param writeRequests writes
 * @param writeBytes what the writes brought to the NAS
 * @param flushes flushes
 * @param otherRequests requests that carry no data: zeroing, trimming, block status
 */
public record NasTraffic(
        String file,
        long readRequests,
        long readBytes,
        long writeRequests,
        long writeBytes,
        long flushes,
        long otherRequests) {

    NasTraffic plus(NasTraffic other) {
        return new NasTraffic(
                file,
                readRequests + other.readRequests,
                readBytes + other.readBytes,
                writeRequests + other.writeRequests,
                writeBytes + other.writeBytes,
                flushes + other.flushes,
                otherRequests + other.otherRequests);
    }
}
