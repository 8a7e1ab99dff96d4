package org.triplel.lab;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.Link;
import org.triplel.block.nbd.Exports;

/**
 * The NAS folder's images as exports, by their relative paths: {@code bases/<name>/v<N>.raw}, which nobody may change, and
 * {@code vms/<vm>.qcow2}, which have one client at a time. An image that was replaced or has another size than before is
 * opened anew for its next client.
 */
final class NasFolder implements Exports, AutoCloseable {

    private static final System.Logger LOG = System.getLogger(NasFolder.class.getName());

    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,62}";
    private static final Pattern BASE = Pattern.compile("bases/" + NAME + "/v[1-9][0-9]{0,8}\\.raw");
    private static final Pattern OVERLAY = Pattern.compile("vms/" + NAME + "\\.qcow2");

    private final Path folder;
    private final Link link;
    private final Map<String, Image> open = new HashMap<>();
    private final Map<String, MeteredDevice.Meter> meters = new TreeMap<>();

    /** An open image, which file it was, and whose turn it is to change it. */
    private record Image(BlockDevice device, Object file, Optional<Turns> turns) {

        BlockDevice nextClient() {
            return turns.map(clients -> clients.next(device)).orElse(device);
        }
    }

    /**
     * @param folder the NAS folder
     * @param link what lies between it and its clients
     */
    NasFolder(Path folder, Link link) throws IOException {
        this.folder = folder.toRealPath();
        this.link = link;
    }

    @Override
    public List<String> names() throws IOException {
        try (var files = Files.walk(folder, 3)) {
            return files.map(file -> folder.relativize(file).toString())
                    .filter(name -> isImage(name) && isPlainFile(name))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public synchronized Optional<BlockDevice> find(String name) throws IOException {
        if (!isImage(name) || !isPlainFile(name)) {
            return Optional.empty();
        }
        var file = folder.resolve(name);
        var known = open.get(name);
        if (known != null) {
            if (known.file.equals(identity(file)) && known.device.size() == Files.size(file)) {
                return Optional.of(known.nextClient());
            }
            LOG.log(Level.INFO, "{0} was replaced, it is opened anew", file);
            open.remove(name).device.close();
        }
        var identity = identity(file);
        boolean base = BASE.matcher(name).matches();
        var image = base ? FileDevice.openReadOnly(file) : FileDevice.open(file);
        var device =
                new MeteredDevice(link.attach(image), meters.computeIfAbsent(name, _ -> new MeteredDevice.Meter()));
        var opened = new Image(device, identity, base ? Optional.empty() : Optional.of(new Turns()));
        open.put(name, opened);
        return Optional.of(opened.nextClient());
    }

    /** What crossed the link so far, by file. */
    synchronized List<NasTraffic> traffic() {
        var result = new ArrayList<NasTraffic>();
        meters.forEach((name, meter) -> result.add(meter.traffic(name)));
        return result;
    }

    @Override
    public synchronized void close() throws IOException {
        for (var image : open.values()) {
            image.device.close();
        }
        open.clear();
    }

    private static boolean isImage(String name) {
        return BASE.matcher(name).matches() || OVERLAY.matcher(name).matches();
    }

    /** Whether it is a regular file that lies where its name says, not behind a link. */
    private boolean isPlainFile(String name) {
        var file = folder.resolve(name);
        try {
            return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && file.toRealPath().equals(file);
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "looking at " + file, e);
            return false;
        }
    }

    private static Object identity(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }
}
