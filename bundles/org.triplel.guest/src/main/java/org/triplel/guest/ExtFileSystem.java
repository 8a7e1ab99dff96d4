package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Optional;
import java.util.UUID;

/** Finds the journal of an ext2, ext3 or ext4, or what an external journal's device holds. */
final class ExtFileSystem {

    private static final int SIZE_HIGH_IN_COPY = 15 * 4;
    private static final int SIZE_IN_COPY = 16 * 4;

    private final Region region;
    private final ExtSuperblock superblock;

    private ExtFileSystem(Region region, ExtSuperblock superblock) {
        this.region = region;
        this.superblock = superblock;
    }

    static void describe(Region region, Findings findings) throws IOException, MalformedException {
        ExtSuperblock superblock;
        try {
            superblock = ExtSuperblock.read(region);
        } catch (MalformedException e) {
            findings.unseen(region, ContentFormat.EXT.title() + " " + region.place() + ": " + e.getMessage());
            return;
        }
        new ExtFileSystem(region, superblock).describe(findings);
    }

    private void describe(Findings findings) throws IOException, MalformedException {
        if (superblock.journalDevice()) {
            externalJournal(findings);
            return;
        }
        boolean elsewhere = superblock.hasJournal() && superblock.journalInode() == 0;
        findings.fileSystem(new FileSystem(
                here(), region.onDisk(), elsewhere ? Optional.of(superblock.journalUuid()) : Optional.empty()));
        if (!superblock.hasJournal()) {
            findings.notSplit(region, here() + ": has no journal");
            swapFiles(findings);
        } else if (elsewhere) {
            findings.notSplit(region, here() + ": its journal is the device with UUID " + superblock.journalUuid());
            swapFiles(findings);
        } else {
            internalJournal(findings);
        }
    }

    private void internalJournal(Findings findings) throws IOException, MalformedException {
        var inode = ExtInode.read(region, superblock, superblock.journalInode());
        if (!inode.regularFile()) {
            throw new MalformedException("inode " + superblock.journalInode() + " is not a journal");
        }
        if (superblock.journalCopy().isPresent()
                && !matches(superblock.journalCopy().get(), inode)) {
            throw new MalformedException("the superblock's copy of the journal's inode says otherwise");
        }
        var blocks = inode.blocks(region, superblock);
        var raw = blocks.read(0, JournalSuperblock.BYTES);
        var reason = "inode " + superblock.journalInode() + " of the " + here();
        var tombstone = JournalTombstone.in(raw);
        if (tombstone.isPresent()) {
            findings.absent(new AbsentJournal(
                    reason, region.onDisk(), blocks.onDisk(0, 1).getFirst(), tombstone.get()));
            swapFiles(findings);
            return;
        }
        var journal = JournalSuperblock.of(raw, superblock.blockSize(), 1, inode.size() / superblock.blockSize());
        findings.journal(journal(reason, blocks, 0, raw, journal, findings.details()));
        swapFiles(findings);
    }

    private void swapFiles(Findings findings) throws IOException, MalformedException {
        if (findings.details()) {
            new ExtSwapFiles(region.inPassing(), superblock).describe(findings);
        }
    }

    /** The journal's blocks have the numbers of the device; the log begins behind the superblock of the device. */
    private void externalJournal(Findings findings) throws IOException, MalformedException {
        var blocks = new FileBlocks(region, superblock.blockSize(), superblock.blocks());
        blocks.append(0, superblock.blocks());
        long own = superblock.ownBlock() + 1L;
        var raw = blocks.read(own, JournalSuperblock.BYTES);
        var journal = JournalSuperblock.of(raw, superblock.blockSize(), own + 1, superblock.blocks());
        var reason = "external journal " + superblock.uuid() + " " + region.place() + users(raw);
        findings.journal(journal(reason, blocks, own, raw, journal, findings.details()));
    }

    private static Journal journal(
            String reason, FileBlocks blocks, long superblockAt, Bytes raw, JournalSuperblock superblock, boolean walk)
            throws IOException, MalformedException {
        var log = new JournalLog(blocks, raw, superblock);
        var active = walk ? log.walk() : log.all();
        return journal(reason, blocks, superblockAt, superblock, active);
    }

    private static Journal journal(
            String reason, FileBlocks blocks, long superblockAt, JournalSuperblock superblock, JournalLog.Active log)
            throws MalformedException {
        var active = new ArrayList<Range>();
        long untilEnd = Math.min(log.blocks(), superblock.end() - superblock.start());
        active.addAll(blocks.onDisk(superblock.start(), untilEnd));
        active.addAll(blocks.onDisk(superblock.first(), log.blocks() - untilEnd));
        if (superblock.fastCommits()) {
            active.addAll(blocks.onDisk(superblock.end(), superblock.blocks() - superblock.end()));
        }
        var area = blocks.onDisk(superblockAt, superblock.blocks() - superblockAt);
        boolean wholeBlocks = area.stream().allMatch(each -> each.length() % blocks.blockSize() == 0);
        return new Journal(
                wholeBlocks ? reason : reason + ", a block of it in two pieces, so it stays on the NAS",
                superblockAt == 0 && wholeBlocks,
                blocks.onDisk(superblockAt, 1).getFirst(),
                area,
                blocks.blockSize(),
                Range.union(active),
                log.complete(),
                log.transactions(),
                log.oldestCommit(),
                log.newestCommit());
    }

    private String here() {
        return superblock.name() + " " + region.place();
    }

    private static boolean matches(Bytes copy, ExtInode inode) {
        for (int at = 0; at < ExtInode.BLOCK_MAP_BYTES; at += 4) {
            if (copy.le32(at) != inode.raw().le32(ExtInode.BLOCK_MAP_AT + at)) {
                return false;
            }
        }
        return (copy.le32(SIZE_IN_COPY) | copy.le32(SIZE_HIGH_IN_COPY) << 32) == inode.size();
    }

    /** Which file systems write their transactions into it. */
    private static String users(Bytes journalSuperblock) {
        long count = Math.min(journalSuperblock.be32(0x40), 48);
        var result = new StringBuilder();
        for (int i = 0; i < count; i++) {
            UUID user = journalSuperblock.uuid(0x100 + i * 16);
            result.append(i == 0 ? " of the file system " : ", ").append(user);
        }
        return result.toString();
    }
}
