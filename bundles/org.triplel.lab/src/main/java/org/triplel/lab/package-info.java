/**
 * A small real world on one machine: a NAS behind an adjustable link, two NAS clients with libvirt and an agent each,
 * and virtual machines that run Debian. {@link org.triplel.lab.Lab} is the way in.
 */
package org.triplel.lab;
