package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What this host has noted of its VMs' journal and swap disks. Calls that change something for one VM come one after another, but for
 * {@link #damaged}; questions may come at any time.
 */
final class JournalDiskNotes {

    private static final System.Logger LOG = System.getLogger(JournalDiskNotes.class.getName());

    private final String host;
    private final Path folder;
    private final Map<String, JournalDiskNote> notes = new ConcurrentHashMap<>();

    /** By VM, why it is not known which journal disk it has. */
    private final Map<String, String> unreadable = new ConcurrentHashMap<>();

    /**
     * @param host the name of this host
     * @param folder where the notes are
     */
    JournalDiskNotes(String host, Path folder) throws IOException {
        this.host = host;
        this.folder = folder;
        for (var vm : JournalDiskNote.vms(folder)) {
            read(vm);
        }
    }

    private void read(String vm) {
        try {
            JournalDiskNote.read(folder, vm).ifPresent(note -> notes.put(vm, note));
            unreadable.remove(vm);
        } catch (HostDiskException e) {
            LOG.log(Level.ERROR, host + ", " + vm + ", " + JournalDisks.JOURNAL_DISK, e);
            unreadable.put(vm, "Which journal disk " + vm + " has cannot be read: " + Failures.describe(e) + ".");
        }
    }

    /** A note that could not be read is looked at again: somebody may have put it right. */
    void settle(String vm) {
        if (unreadable.containsKey(vm)) {
            read(vm);
        }
    }

    Optional<JournalDiskNote> find(String vm) {
        return Optional.ofNullable(notes.get(vm));
    }

    /** The VMs of which there is a note. */
    List<String> vms() {
        return List.copyOf(notes.keySet());
    }

    boolean isDamaged(String vm) {
        return find(vm).filter(note -> note.stage() == JournalDiskNote.Stage.DAMAGED)
                .isPresent();
    }

    /** Why it is not known which journal disk a VM has, or empty. */
    String unreadable(String vm) {
        return unreadable.getOrDefault(vm, "");
    }

    /** What is wrong and what to do, or empty. */
    String problem(String vm) {
        return find(vm).map(this::unfinished).orElse(unreadable(vm));
    }

    private String unfinished(JournalDiskNote note) {
        return switch (note.stage()) {
            case THERE -> "";
            case GIVING ->
                "Giving it a " + note.words() + " did not come to its end. Do it again, or take the disk away: Journal"
                        + " Disk..., or triplel vm journal-disk " + note.vm()
                        + " with the same options, or with --back to take it away. It is not started before.";
            case TAKING ->
                "Taking its " + note.words() + " away did not come to its end. Do it again: Journal Disk..., or"
                        + " triplel vm journal-disk " + note.vm() + " --back. It is not started before.";
            case DAMAGED ->
                "The disk of " + host + " failed to write its journal, which may not be whole. End it, and recover it"
                        + " without: Recover VM..., or triplel vm recover " + note.vm() + " --host " + host + ".";
        };
    }

    synchronized void keep(JournalDiskNote note) throws HostDiskException {
        var kept = isDamaged(note.vm()) ? note.become(JournalDiskNote.Stage.DAMAGED) : note;
        kept.write(folder);
        notes.put(note.vm(), kept);
    }

    /** Linux tells of it once; after a crash nobody would know that the journal has holes, and it would be replayed. */
    synchronized void damaged(String vm) {
        var note = find(vm);
        if (note.isEmpty() || note.get().stage() == JournalDiskNote.Stage.DAMAGED) {
            return;
        }
        var damaged = note.get().become(JournalDiskNote.Stage.DAMAGED);
        notes.put(vm, damaged); // also if the disk does not take it
        try {
            damaged.write(folder);
        } catch (HostDiskException e) {
            LOG.log(Level.ERROR, host + ", " + vm + ", " + JournalDisks.JOURNAL_DISK + " is damaged", e);
        }
    }

    /** Forgets what a VM has, for good. */
    void remove(String vm) throws HostDiskException {
        try {
            Files.deleteIfExists(file(vm));
            DurableProperties.force(folder);
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
        notes.remove(vm);
        unreadable.remove(vm);
    }

    /** For people to look at. */
    Path file(String vm) {
        return folder.resolve(vm);
    }
}
