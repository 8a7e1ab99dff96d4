package org.triplel.agent;

/**
 * An overlay that is being created. Paths are relative to the NAS folder.
 *
 * @param overlay its name
 * @param unfinished the name that it has before
 * @param identity tells it, as long as nobody writes to it, from every other file of its name; empty as long as it is not
 *     finished
 */
record NewOverlay(String overlay, String unfinished, String identity) {}
