package org.triplel.hypervisor;

/** Something that happened to a domain, whoever caused it. The domain may be one without Triple-L metadata. */
public sealed interface DomainEvent {

    /** The domain's name. */
    String domain();

    record Started(String domain) implements DomainEvent {}

    /** @param diskFailed QEMU paused the guest because its disk failed, instead of passing the error on */
    record Suspended(String domain, boolean diskFailed) implements DomainEvent {}

    record Resumed(String domain) implements DomainEvent {}

    /** @param state in which way it is {@linkplain DomainState#off off} */
    record Stopped(String domain, DomainState state) implements DomainEvent {}

    /** The guest's own agent opened its channel: the guest has come up. */
    record GuestConnected(String domain) implements DomainEvent {}
}
