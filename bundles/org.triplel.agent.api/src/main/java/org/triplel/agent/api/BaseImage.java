package org.triplel.agent.api;

/**
 * A version of a base image on the NAS, to make VMs of.
 *
 * @param name the base image's name
 * @param version its version, from 1
 * @param bytes its virtual size
 * @param memoryMiB how much memory VMs of it have unless somebody says otherwise, in MiB
 * @param problem why no VM can be made of it and what to do, or empty; size and memory may be 0 then
 */
public record BaseImage(String name, int version, long bytes, int memoryMiB, String problem) {}
