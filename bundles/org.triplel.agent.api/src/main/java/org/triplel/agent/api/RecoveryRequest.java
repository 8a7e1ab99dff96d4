package org.triplel.agent.api;

/**
 * Asks for a sound copy of a VM's disk.
 *
 * @param vm the VM
 * @param lostHost the name of the host that has, or had, what is missing; who gives it confirms that it is off for good
 * @param saved what could be saved from that host's disk
 */
public record RecoveryRequest(String vm, String lostHost, SavedFiles saved) {}
