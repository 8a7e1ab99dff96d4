package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param disk what it is to be given
 */
public record VmJournalDisk(String vm, JournalDisk disk) {}
