package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param mebibytes how much memory its balloon is to leave to its guest, now and after the next start: from
 *     {@link VmDefinition#MIN_MEMORY_MIB} to the VM's maximum
 */
public record MemoryTarget(String vm, int mebibytes) {}
