package org.triplel.block.nbd;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.triplel.block.BlockDevice;

/** A fixed set of exports. */
record MapExports(Map<String, BlockDevice> devices) implements Exports {

    static MapExports of(String name, BlockDevice device) {
        return new MapExports(Map.of(name, device));
    }

    @Override
    public List<String> names() {
        return devices.keySet().stream().sorted().toList();
    }

    @Override
    public Optional<BlockDevice> find(String name) {
        return Optional.ofNullable(devices.get(name));
    }
}
