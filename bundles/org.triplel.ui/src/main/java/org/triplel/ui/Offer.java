package org.triplel.ui;

/**
 * What views offer as long as there is no host to show. The application that knows where hosts come from puts it into the
 * workbench's context.
 *
 * @param label of the button
 * @param command the id of the command that the button runs, and that it is there for only while the command can be run
 */
public record Offer(String label, String command) {}
