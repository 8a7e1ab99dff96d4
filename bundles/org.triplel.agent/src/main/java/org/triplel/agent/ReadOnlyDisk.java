package org.triplel.agent;

import java.util.List;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.ForwardingDevice;

/** A disk for those who only look, beside the guest that uses it. */
final class ReadOnlyDisk extends ForwardingDevice implements ClassifiedDevice {

    private final ClassifiedDevice disk;

    ReadOnlyDisk(ClassifiedDevice disk) {
        super(disk);
        this.disk = disk;
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public List<ClassRange> classes(long offset, long length) {
        return disk.classes(offset, length);
    }
}
