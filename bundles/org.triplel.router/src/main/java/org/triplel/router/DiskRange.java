package org.triplel.router;

import org.triplel.block.ClassRange;

/**
 * A run of bytes of a disk.
 *
 * @param offset in bytes
 * @param length in bytes
 * @param kind who holds it, or what the guest uses it for
 */
public record DiskRange(long offset, long length, ClassRange.Kind kind) {}
