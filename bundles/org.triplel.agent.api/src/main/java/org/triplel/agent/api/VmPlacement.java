package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param placement what it shall have from now on
 */
public record VmPlacement(String vm, Placement placement) {}
