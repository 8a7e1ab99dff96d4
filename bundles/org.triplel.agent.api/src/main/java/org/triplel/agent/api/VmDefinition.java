package org.triplel.agent.api;

/**
 * A VM to define. Paths are relative to the NAS folder.
 *
 * @param name letters, digits, '-' and '_'
 * @param base name of the base image
 * @param baseVersion version of the base image, from 1
 * @param memoryMiB memory in MiB
 * @param kernel Linux kernel that is started directly
 * @param initrd its initial RAM disk
 * @param commandLine the kernel's command line
 */
public record VmDefinition(
        String name, String base, int baseVersion, int memoryMiB, String kernel, String initrd, String commandLine) {}
