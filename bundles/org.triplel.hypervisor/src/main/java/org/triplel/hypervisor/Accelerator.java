package org.triplel.hypervisor;

/** How QEMU runs a guest's processor. */
public enum Accelerator {
    /** In hardware, with the host's own processor model. */
    KVM("kvm"),
    /** Emulated; slow, but works everywhere. */
    TCG("qemu");

    private final String domainType;

    Accelerator(String domainType) {
        this.domainType = domainType;
    }

    /** What libvirt calls it in the domain's {@code type}. */
    String domainType() {
        return domainType;
    }

    static Accelerator ofDomainType(String type) {
        for (var accelerator : values()) {
            if (accelerator.domainType.equals(type)) {
                return accelerator;
            }
        }
        throw new IllegalArgumentException("domain type '" + type + "' is neither 'kvm' nor 'qemu'");
    }
}
