package org.triplel.lab;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmState;
import org.triplel.block.UnixSocket;

/** Stands in for the agent process: answers on the agent's socket and remembers which machines were defined. */
final class FakeAgentMain {

    private FakeAgentMain() {}

    public static void main(String[] args) throws Exception {
        var config = new Properties();
        try (var file = Files.newBufferedReader(Path.of(args[0]))) {
            config.load(file);
        }
        var name = config.getProperty("name");
        List<Vm> vms = new CopyOnWriteArrayList<>();
        var service = Proxy.newProxyInstance(
                FakeAgentMain.class.getClassLoader(),
                new Class<?>[] {AgentService.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "host" ->
                        CompletableFuture.completedFuture(
                                new HostStatus(name, AgentService.VERSION, "", "", "", true, 0, 0, 0, ""));
                    case "vms" -> CompletableFuture.completedFuture(vms);
                    case "defineVm" -> {
                        var vm = vm((VmDefinition) arguments[0], name);
                        vms.add(vm);
                        yield CompletableFuture.completedFuture(vm);
                    }
                    case "toString" -> "fake agent " + name;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
        try (var socket = new UnixSocket(Path.of(config.getProperty("state"), "agent.sock"))) {
            while (true) {
                JsonRpc.on(socket.accept(), service, AgentListener.class).startListening();
            }
        }
    }

    private static Vm vm(VmDefinition definition, String host) {
        return new Vm(
                definition.name(),
                host,
                VmState.STOPPED,
                definition.base(),
                definition.baseVersion(),
                0,
                definition.memoryMiB(),
                Placement.DEFAULT,
                false,
                JournalDisk.NONE,
                0,
                -1,
                RecoveryStage.NONE,
                "",
                "");
    }
}
