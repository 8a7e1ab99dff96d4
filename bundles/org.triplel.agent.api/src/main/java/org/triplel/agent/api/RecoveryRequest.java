package org.triplel.agent.api;

/**
 * Asks for a sound copy of a VM's disk.
 *
 * @param vm the VM
 * @param lostHost the name of the host that has, or had, what is missing; who gives it confirms that it is off for good
 * @param log what that host had not sent on to the NAS, saved from its disk: an absolute path on the VM's host, or empty
 */
public record RecoveryRequest(String vm, String lostHost, String log) {}
