/** What runs guests: the libvirt gateway. Nothing outside this package knows libvirt. */
package org.triplel.hypervisor;
