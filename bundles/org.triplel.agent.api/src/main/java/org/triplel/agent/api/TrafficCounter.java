package org.triplel.agent.api;

/**
 * What a disk's requests of one class, direction and side came to.
 *
 * @param requests count since the disk was attached
 * @param bytes sum since the disk was attached
 * @param p50Micros median latency in the last second, microseconds, 0 if there was none
 * @param p99Micros 99th percentile of the latency in the last second, microseconds
 * @param maxMicros longest latency in the last second, microseconds
 */
public record TrafficCounter(
        RequestClass requestClass,
        Direction direction,
        Side side,
        long requests,
        long bytes,
        long p50Micros,
        long p99Micros,
        long maxMicros) {}
