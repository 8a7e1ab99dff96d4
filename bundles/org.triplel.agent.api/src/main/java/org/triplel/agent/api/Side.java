package org.triplel.agent.api;

/** Where a request was served: on the host's own disk, or by the NAS. */
public enum Side {
    LOCAL,
    NAS
}
