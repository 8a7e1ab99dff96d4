package org.triplel.cli;

import com.google.gson.annotations.SerializedName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.guest.ClassifiedRange;
import org.triplel.guest.ContentClass;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.Journal;
import org.triplel.guest.Limits;
import org.triplel.guest.NotSplit;
import org.triplel.guest.Range;
import org.triplel.guest.SemanticMap;
import org.triplel.recovery.Qcow2Image;
import org.triplel.recovery.RefusedException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Tells what lies where on a disk. */
@Command(
        name = "inspect",
        description = "Tell where a disk image has journals and swap. The image is only read; no virtual machine may be"
                + " using it.")
final class InspectCommand implements Callable<Integer> {

    private static final int QCOW2_MAGIC = 0x514649fb;

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "A file, or a block device.")
    private Path image;

    @Option(
            names = "--format",
            paramLabel = "raw|qcow2",
            description = "What it is; never guessed from its content (default: qcow2 if its name ends so, else raw).")
    private Optional<Format> format = Optional.empty();

    /** As the user types it. */
    private enum Format {
        raw,
        qcow2
    }

    /** What {@code --json} prints. All positions and lengths in bytes. */
    private record Report(
            String image, long size, List<RangeRow> ranges, List<JournalRow> journal, List<NotSplitRow> notSplit) {

        static Report of(Path image, SemanticMap map) {
            return new Report(
                    image.toString(),
                    map.diskSize(),
                    map.ranges().stream().map(RangeRow::of).toList(),
                    map.journals().stream().map(JournalRow::of).toList(),
                    map.notSplit().stream().map(NotSplitRow::of).toList());
        }
    }

    private record RangeRow(
            long start,
            long length,
            @SerializedName("class") ContentClass contentClass,
            String reason) {

        static RangeRow of(ClassifiedRange range) {
            return new RangeRow(range.range().start(), range.range().length(), range.contentClass(), range.reason());
        }
    }

    private record NotSplitRow(long start, long length, String reason) {

        static NotSplitRow of(NotSplit part) {
            return new NotSplitRow(part.range().start(), part.range().length(), part.reason());
        }
    }

    /** Times as in ISO 8601, or empty; {@code complete} is false if the log was too long to find its end. */
    private record JournalRow(
            String reason,
            boolean splittable,
            Range superblock,
            long length,
            int blockSize,
            List<Range> active,
            boolean complete,
            int transactions,
            String oldestCommit,
            String newestCommit) {

        static JournalRow of(Journal journal) {
            return new JournalRow(
                    journal.reason(),
                    journal.splittable(),
                    journal.superblock(),
                    bytes(journal.area()),
                    journal.blockSize(),
                    journal.active(),
                    journal.complete(),
                    journal.transactions(),
                    text(journal.oldestCommit()),
                    text(journal.newestCommit()));
        }
    }

    /** A line for people: all pieces of one thing together. */
    private record Line(long start, long length, int pieces, String type, String reason) {

        Line and(Line more) {
            return new Line(Math.min(start, more.start), length + more.length, pieces + more.pieces, type, reason);
        }
    }

    /** A journal's state for people. */
    private record State(String journal, long active, int transactions, String oldestCommit, String newestCommit) {

        static State of(Journal journal) {
            return new State(
                    journal.reason(),
                    bytes(journal.active()),
                    journal.transactions(),
                    text(journal.oldestCommit()),
                    text(journal.newestCommit()));
        }
    }

    @Override
    public Integer call() throws Exception {
        try (var disk = open()) {
            var map = new DiskInspector(Limits.DEFAULT).inspect(disk.size(), disk::read);
            switch (main.output()) {
                case JsonOutput json -> json.one(Report.of(image, map));
                case TextOutput text -> print(map, text);
            }
            return 0;
        } catch (RefusedException e) {
            throw new NotDone(e.getMessage());
        } catch (NoSuchFileException e) {
            throw new NotDone("There is no image " + e.getFile() + ".");
        } catch (AccessDeniedException e) {
            throw new NotDone("You may not read " + e.getFile() + ".");
        } catch (FileSystemException e) {
            throw new NotDone("Cannot open " + e.getFile() + ": " + e.getReason());
        } catch (IOException e) {
            throw new NotDone("Cannot read " + image + ": " + e.getMessage());
        }
    }

    private BlockDevice open() throws Exception {
        if (Files.isDirectory(image)) {
            throw new NotDone(image + " is a folder, not an image.");
        }
        var byName = image.toString().endsWith(".qcow2") ? Format.qcow2 : Format.raw;
        if (format.orElse(byName) == Format.qcow2) {
            if (!Files.exists(image)) {
                throw new NoSuchFileException(image.toString());
            }
            return Qcow2Image.open(image);
        }
        var raw = FileDevice.openReadOnly(image);
        if (format.isEmpty() && startsLikeQcow2(raw)) {
            spec.commandLine()
                    .getErr()
                    .println(image
                            + " is read as a raw disk, but begins like a qcow2 image. If it is one: --format qcow2");
        }
        return raw;
    }

    private static boolean startsLikeQcow2(BlockDevice disk) throws IOException {
        if (disk.size() < Integer.BYTES) {
            return false;
        }
        var magic = ByteBuffer.allocate(Integer.BYTES);
        disk.read(0, magic);
        return magic.getInt(0) == QCOW2_MAGIC;
    }

    private static void print(SemanticMap map, TextOutput text) {
        var lines = new LinkedHashMap<String, Line>();
        for (var each : map.ranges()) {
            var range = each.range();
            var line = new Line(
                    range.start(), range.length(), 1, each.contentClass().toString(), each.reason());
            lines.merge(each.contentClass() + each.reason(), line, Line::and);
        }
        for (var each : map.notSplit()) {
            var line = new Line(each.range().start(), each.range().length(), 1, "-", each.reason());
            lines.merge("-" + each.reason(), line, Line::and);
        }
        var sorted = new ArrayList<>(lines.values());
        sorted.sort(Comparator.comparing(Line::start));
        text.many(Line.class, sorted);
        if (!map.journals().isEmpty()) {
            text.to().println();
            text.many(State.class, map.journals().stream().map(State::of).toList());
        }
    }

    private static long bytes(List<Range> ranges) {
        return ranges.stream().mapToLong(Range::length).sum();
    }

    private static String text(Optional<Instant> time) {
        return time.map(Instant::toString).orElse("");
    }
}
