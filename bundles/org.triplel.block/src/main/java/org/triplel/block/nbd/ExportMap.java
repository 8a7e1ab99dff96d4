package org.triplel.block.nbd;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.triplel.block.BlockDevice;

/** Exports that come and go. Thread-safe. */
public final class ExportMap implements Exports {

    private final Map<String, BlockDevice> devices = new ConcurrentSkipListMap<>();

    /** No exports. */
    public ExportMap() {}

    /** These exports to begin with. */
    public ExportMap(Map<String, ? extends BlockDevice> devices) {
        this.devices.putAll(devices);
    }

    /** Offers a device, instead of the one that had the name. */
    public void add(String name, BlockDevice device) {
        devices.put(name, device);
    }

    /** Offers it no longer; who has it keeps it. */
    public void remove(String name) {
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
