/** Runs e2fsprogs on the disks of a VM that is off, in a small virtual machine: they take block devices only. */
package org.triplel.appliance;
