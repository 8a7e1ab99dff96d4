package org.triplel.agent.api;

/**
 * Whether reads of a base image are served from the host's replica.
 *
 * @param base the base image's name
 * @param enabled from the replica (and the replica is filled by what is read), or from the NAS
 */
public record ShadowBase(String base, boolean enabled) {}
