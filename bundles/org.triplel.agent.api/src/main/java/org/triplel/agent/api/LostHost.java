package org.triplel.agent.api;

/**
 * A host that a VM waits for in vain.
 *
 * @param vm the VM
 * @param host the host's name; who gives it confirms that it is off for good
 */
public record LostHost(String vm, String host) {}
