package org.triplel.block.nbd;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.triplel.block.BlockDevice;

/**
 * What a server offers. The names come from clients: an implementation looks them up among those it knows and never
 * makes paths of them unchecked. Devices stay the implementation's own, the server does not close them. Called by many
 * connections at once.
 */
public interface Exports {

    /** All names, in the order in which a list shows them. */
    List<String> names() throws IOException;

    /** The device of this name, or none if there is no such export; a client may ask several times before it decides. */
    Optional<BlockDevice> find(String name) throws IOException;
}
