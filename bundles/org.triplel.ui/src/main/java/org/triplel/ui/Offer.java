package org.triplel.ui;

/**
 * What a view offers where it has nothing to show. The application that knows where hosts come from puts into the workbench's
 * context what views offer as long as there is none.
 *
 * @param label of the button
 * @param command the id of the command that the button runs, and that it is there for only while the command can be run
 */
public record Offer(String label, String command) {}
