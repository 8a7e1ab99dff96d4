package org.triplel.agent.api;

/**
 * A piece of a serial console's output.
 *
 * @param offset where {@code text} starts, in bytes since the VM was started; later than asked for if the agent no
 *     longer has the older output, and 0 if the VM was started anew
 * @param nextOffset what to ask for next
 * @param text at most 64 KiB of output
 */
public record ConsoleOutput(long offset, long nextOffset, String text) {}
