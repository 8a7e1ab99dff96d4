/**
 * What a client got from a server.
 *
 * @param requests how many were answered
 * @param seconds in how long
 * @param cpuSeconds processor time of the server meanwhile
 */
record Outcome(long requests, double seconds, double cpuSeconds) {}
