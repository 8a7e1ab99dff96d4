package org.triplel.recovery;

/**
 * How a program ended.
 *
 * @param status its exit status
 * @param said what it told, both on its standard output and as errors, as far as that was kept
 */
record Outcome(int status, String said) {}
