package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param offset how much of the console's output the caller has, in bytes since the VM was started
 */
public record ConsoleRequest(String vm, long offset) {}
