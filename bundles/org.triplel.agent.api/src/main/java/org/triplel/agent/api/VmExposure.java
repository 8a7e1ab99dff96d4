package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param exposure what of it would be lost with its host
 */
public record VmExposure(String vm, Exposure exposure) {}
