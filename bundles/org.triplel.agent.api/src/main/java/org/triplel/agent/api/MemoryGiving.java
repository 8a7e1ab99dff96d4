package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param byItself whether it is given more memory by itself when that is proposed
 */
public record MemoryGiving(String vm, boolean byItself) {}
