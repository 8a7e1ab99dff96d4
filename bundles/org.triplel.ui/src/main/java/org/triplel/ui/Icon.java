package org.triplel.ui;

import org.eclipse.jface.resource.ImageDescriptor;
import org.eclipse.jface.resource.ResourceLocator;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Host;

/** The pictures in {@code icons/}; each state has its own shape, not only its own colour. */
public enum Icon {
    BASE("base"),
    CLEAR("clear"),
    COLUMNS("columns"),
    CSV("csv"),
    ERROR("error"),
    FILL("fill"),
    FOLLOW("follow"),
    HOST("host"),
    HOST_CONNECTING("host-connecting"),
    HOST_LOST("host-lost"),
    HOST_PROBLEM("host-problem"),
    IMAGE("image"),
    INFO("info"),
    NAS("nas"),
    NAS_LOST("nas-lost"),
    PAUSE("pause"),
    SHADOW_OFF("shadow-off"),
    SHADOW_ON("shadow-on"),
    STORM("storm"),
    VM("vm"),
    VM_CRASHED("vm-crashed"),
    VM_PAUSED("vm-paused"),
    VM_RUNNING("vm-running"),
    VM_STARTING("vm-starting"),
    VM_STOPPED("vm-stopped"),
    VM_STOPPING("vm-stopping"),
    VM_UNKNOWN("vm-unknown"),
    WARNING("warning");

    private final String file;

    Icon(String file) {
        this.file = file;
    }

    public ImageDescriptor descriptor() {
        return descriptor(file);
    }

    static ImageDescriptor descriptor(String file) {
        return ResourceLocator.imageDescriptorFromBundle(Icon.class, "icons/" + file + ".svg")
                .orElseThrow();
    }

    /** The picture of a VM's state. A running guest that does not answer yet is starting, as people see it. */
    public static Icon of(Vm vm, Host host) {
        return host.connected() ? of(vm) : VM_UNKNOWN;
    }

    private static Icon of(Vm vm) {
        return switch (vm.state()) {
            case STOPPED -> VM_STOPPED;
            case STARTING -> VM_STARTING;
            case RUNNING -> vm.ready() ? VM_RUNNING : VM_STARTING;
            case PAUSED -> VM_PAUSED;
            case STOPPING -> VM_STOPPING;
            case CRASHED -> VM_CRASHED;
        };
    }

    public static Icon of(Host host) {
        return switch (host.link()) {
            case Host.Connected() ->
                host.status().filter(status -> !status.problem().isEmpty()).isPresent() ? HOST_PROBLEM : HOST;
            case Host.Connecting() -> HOST_CONNECTING;
            case Host.Lost _ -> HOST_LOST;
        };
    }

    public static Icon of(AgentEvent.Severity severity) {
        return switch (severity) {
            case INFO -> INFO;
            case WARNING -> WARNING;
            case ERROR -> ERROR;
        };
    }

    /** A VM's state in words. */
    public static String words(Vm vm, Host host) {
        if (!host.connected()) {
            return Messages.State_Unknown;
        }
        return switch (vm.state()) {
            case STOPPED -> Messages.State_Stopped;
            case STARTING -> Messages.State_Starting;
            case RUNNING -> vm.ready() ? Messages.State_Running : Messages.State_Booting;
            case PAUSED -> Messages.State_Paused;
            case STOPPING -> Messages.State_Stopping;
            case CRASHED -> Messages.State_Crashed;
        };
    }
}
