package org.triplel.guest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/**
 * What stands on the NAS in the place of a journal's superblock while the journal itself is kept on a host. It is a jbd2
 * superblock with a feature that nobody knows: so Linux does not mount the file system, and e2fsck neither replays the
 * stale journal nor goes on by itself. In the padding it says where the journal is.
 *
 * @param id of this stay of the journal on the host
 * @param host whom to ask for it; as much of it as there is room for
 * @param sinceMillis when it went there, milliseconds since 1970 by the host's clock, or 0 if that is not known
 */
public record JournalTombstone(UUID id, String host, long sinceMillis) {

    private static final String MARK = "Triple-L: the journal is on ";
    private static final int MARK_AT = 0x5C; // s_padding, up to the checksum
    private static final int ID_AT = MARK_AT + MARK.length();
    private static final int HOST_AT = ID_AT + 16;
    private static final int SINCE_AT = JournalSuperblock.CHECKSUM_AT - Long.BYTES; // 0 in tombstones of before
    private static final int TYPE_AT = 4;
    private static final int INCOMPAT_AT = 0x28;

    static final int UNKNOWN_FEATURE = 1 << 31;

    public JournalTombstone {
        byte[] name = host.getBytes(StandardCharsets.UTF_8);
        int room = SINCE_AT - HOST_AT;
        host = new String(name, 0, Math.min(name.length, room), StandardCharsets.UTF_8);
    }

    /**
     * Makes it of a superblock.
     *
     * @param superblock the block that begins with it; from position to limit, not moved
     * @return a block of the same size
     */
    public ByteBuffer inPlaceOf(ByteBuffer superblock) {
        byte[] block = new byte[superblock.remaining()];
        superblock.duplicate().get(block);
        var fields = ByteBuffer.wrap(block).order(ByteOrder.BIG_ENDIAN);
        boolean features = fields.getInt(TYPE_AT) == JournalSuperblock.VERSION_2;
        fields.putInt(0, (int) JournalSuperblock.MAGIC);
        fields.putInt(TYPE_AT, JournalSuperblock.VERSION_2);
        fields.putInt(INCOMPAT_AT, (features ? fields.getInt(INCOMPAT_AT) : 0) | UNKNOWN_FEATURE);
        Arrays.fill(block, MARK_AT, JournalSuperblock.CHECKSUM_AT, (byte) 0);
        fields.put(MARK_AT, MARK.getBytes(StandardCharsets.US_ASCII));
        fields.putLong(ID_AT, id.getMostSignificantBits()).putLong(ID_AT + 8, id.getLeastSignificantBits());
        fields.put(HOST_AT, host.getBytes(StandardCharsets.UTF_8)).putLong(SINCE_AT, sinceMillis);
        fields.putInt(JournalSuperblock.CHECKSUM_AT, (int) JournalSuperblock.checksum(new Bytes(block)));
        return ByteBuffer.wrap(block);
    }

    /**
     * Reads it, if it is there.
     *
     * @param block what stands in a superblock's place; from position to limit, not moved
     */
    public static Optional<JournalTombstone> in(ByteBuffer block) {
        byte[] content = new byte[Math.min(JournalSuperblock.BYTES, block.remaining())];
        block.duplicate().get(content);
        return content.length < JournalSuperblock.BYTES ? Optional.empty() : in(new Bytes(content));
    }

    /** Reads it, if it stands where a superblock should be. */
    static Optional<JournalTombstone> in(Bytes superblock) {
        boolean present = superblock.be32(0) == JournalSuperblock.MAGIC
                && (superblock.be32(INCOMPAT_AT) & Integer.toUnsignedLong(UNKNOWN_FEATURE)) != 0
                && superblock.has(MARK_AT, MARK)
                && superblock.be32(JournalSuperblock.CHECKSUM_AT) == JournalSuperblock.checksum(superblock);
        if (!present) {
            return Optional.empty();
        }
        var host = superblock.text(HOST_AT, SINCE_AT - HOST_AT);
        return Optional.of(
                new JournalTombstone(superblock.uuid(ID_AT), host.replaceAll("\\?*$", ""), superblock.be64(SINCE_AT)));
    }
}
