package org.triplel.agent.api;

/**
 * What a request means; see {@code docs/architecture.md}. BASE_COPY is read by the image daemon to copy on write, DRAIN is
 * what was written behind and is sent on to the NAS.
 */
public enum RequestClass {
    BASE,
    BASE_COPY,
    BASE_REWRITE,
    JOURNAL,
    SWAP,
    PRIVATE,
    DRAIN
}
