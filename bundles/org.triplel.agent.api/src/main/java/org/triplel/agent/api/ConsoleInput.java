package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param text what to type; a line ends with '\r'
 */
public record ConsoleInput(String vm, String text) {}
