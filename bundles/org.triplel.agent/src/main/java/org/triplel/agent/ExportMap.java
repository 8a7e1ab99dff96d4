package org.triplel.agent;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.triplel.block.BlockDevice;
import org.triplel.block.nbd.Exports;

/** Exports that come and go. */
final class ExportMap implements Exports {

    private final Map<String, BlockDevice> devices = new ConcurrentSkipListMap<>();

    void add(String name, BlockDevice device) {
        devices.put(name, device);
    }

    void remove(String name) {
        devices.remove(name);
    }

    @Override
    public List<String> names() {
        return List.copyOf(devices.keySet());
    }

    @Override
    public Optional<BlockDevice> find(String name) {
        return Optional.ofNullable(devices.get(name));
    }
}
