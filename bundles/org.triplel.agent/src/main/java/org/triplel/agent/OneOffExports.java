package org.triplel.agent;

import java.util.Map;
import java.util.UUID;
import org.triplel.block.BlockDevice;
import org.triplel.block.nbd.ExportMap;

/**
 * Disks under names that they have for once, as long as this is open: whoever lives longer than that, and connects again, finds
 * nothing, and not what has the usual names then.
 */
final class OneOffExports implements AutoCloseable {

    private final ExportMap exports;
    private final Map<String, BlockDevice> disks;
    private final UUID once = UUID.randomUUID();

    /**
     * @param exports of a server
     * @param disks by their usual names
     */
    OneOffExports(ExportMap exports, Map<String, BlockDevice> disks) {
        this.exports = exports;
        this.disks = disks;
        disks.forEach((name, disk) -> exports.add(name(name), disk));
    }

    /** The name that a disk has now, instead of the usual one. */
    String name(String usual) {
        return once + "/" + usual;
    }

    @Override
    public void close() {
        disks.keySet().forEach(name -> exports.remove(name(name)));
    }
}
