package org.triplel.agent.api;

/** Which way the data go; a flush moves none. */
public enum Direction {
    READ,
    WRITE,
    FLUSH
}
