/**
 * What lies where on a guest's disk: partition tables, file systems and swap, read from outside and without a mount.
 * {@link org.triplel.guest.DiskInspector} makes a {@link org.triplel.guest.SemanticMap} of it.
 *
 * <p>The guest is hostile. A {@link org.triplel.guest.Region} bounds what a parser may look at, a {@link
 * org.triplel.guest.GuestReader} how much of it and for how long, and every number is checked against both before it is
 * used. What is broken, contradictory or unknown ends as "not split", with the reason.
 */
package org.triplel.guest;
