package org.triplel.agent.api;

/**
 * @param vm the VM
 * @param minutes for how long its disk is to be watched: from 1 to 60
 */
public record VmWatch(String vm, int minutes) {

    public static final int MIN_MINUTES = 1;
    public static final int MAX_MINUTES = 60;

    /** What is offered where nobody has chosen. */
    public static final int DEFAULT_MINUTES = 5;
}
