package org.triplel.block.nbd;

import java.util.List;
import java.util.Optional;
import org.triplel.block.BlockDevice;

/**
 * One device under one name.
 *
 * @param name may be empty, which is what clients ask for that name none
 */
public record SingleExport(String name, BlockDevice device) implements Exports {

    @Override
    public List<String> names() {
        return List.of(name);
    }

    @Override
    public Optional<BlockDevice> find(String wanted) {
        return wanted.equals(name) ? Optional.of(device) : Optional.empty();
    }
}
