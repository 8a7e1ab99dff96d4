package org.triplel.router;

/** Which way the data of a request go; a flush moves none. */
public enum Direction {
    READ,
    WRITE,
    FLUSH
}
