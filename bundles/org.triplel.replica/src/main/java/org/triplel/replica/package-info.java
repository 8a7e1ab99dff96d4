/**
 * Base images as a host has them: the {@link org.triplel.replica.Manifest} says what a version of a base contains, the
 * {@link org.triplel.replica.Replica} keeps verified chunks of it on the host's own disk and serves reads from there.
 */
package org.triplel.replica;
