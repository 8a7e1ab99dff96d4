package org.triplel.guest;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The first page of a swap area: a signature at the end of a page whose size is the guest's (Linux,
 * include/linux/swap.h; for suspended guests kernel/power/swap.c, and the older ones' names as in libblkid).
 *
 * @param pageSize in bytes
 * @param pages of the area, this one included
 * @param hibernated whether the area holds the memory of a guest that went to sleep
 */
record SwapHeader(int pageSize, long pages, boolean hibernated) {

    static final int MIN_PAGE = 4 << 10;
    static final int MAX_PAGE = 64 << 10;

    private static final int SIGNATURE_BYTES = 10;
    private static final int HEADER = 1024;
    private static final int BAD_PAGES_AT = HEADER + 8;
    private static final int UUID_AT = HEADER + 12;
    private static final int HEADER_END = HEADER + 512;
    private static final String VERSION_1 = "SWAPSPACE2";
    private static final String VERSION_0 = "SWAP-SPACE";
    private static final List<String> SIGNATURES =
            List.of(VERSION_1, VERSION_0, "S1SUSPEND\0", "S2SUSPEND\0", "ULSUSPEND\0", "LINHIB0001");

    /** Of TuxOnIce, at the beginning of the page. */
    private static final String TUX_ON_ICE = "\u00ed\u00c3\u0002\u00e9\u0098\u0056\u00e5\u000c";

    /** Whether there is a signature for a page size up to this one. */
    static boolean signed(Region region, int maxPage) throws IOException, MalformedException {
        return pageSize(region, maxPage).isPresent();
    }

    /** Empty if there is no signature. */
    static Optional<SwapHeader> read(Region region) throws IOException, MalformedException {
        var found = pageSize(region, MAX_PAGE);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        int pageSize = found.get();
        var signature = region.read(pageSize - SIGNATURE_BYTES, SIGNATURE_BYTES);
        if (region.read(0, TUX_ON_ICE.length()).has(0, TUX_ON_ICE)) {
            return Optional.of(new SwapHeader(pageSize, region.length() / pageSize, true));
        }
        if (signature.has(0, VERSION_1)) {
            return Optional.of(new SwapHeader(pageSize, pages(region.read(HEADER, 8)), false));
        }
        if (signature.has(0, VERSION_0)) { // one bit for each page in the rest of the first one
            long mapped = (long) (pageSize - SIGNATURE_BYTES) * Byte.SIZE;
            return Optional.of(new SwapHeader(pageSize, Math.min(region.length() / pageSize, mapped), false));
        }
        return Optional.of(new SwapHeader(pageSize, region.length() / pageSize, true));
    }

    /**
     * The smallest page size that has a signature: mkswap overwrites a greater first page as a whole, so what lies behind a
     * smaller one is left over or swapped.
     */
    private static Optional<Integer> pageSize(Region region, int max) throws IOException, MalformedException {
        for (int size = MIN_PAGE; size <= max && region.holds(0, size); size *= 2) {
            var signature = region.read(size - SIGNATURE_BYTES, SIGNATURE_BYTES);
            if (SIGNATURES.stream().anyMatch(each -> signature.has(0, each))
                    || region.read(0, TUX_ON_ICE.length()).has(0, TUX_ON_ICE)) {
                return Optional.of(size);
            }
        }
        return Optional.empty();
    }

    /** Whether the area fills its place, and its first page holds nothing else: as mkswap of today leaves it. */
    boolean alone(Region region) throws IOException, MalformedException {
        var page = region.read(0, pageSize);
        return page.has(pageSize - SIGNATURE_BYTES, VERSION_1)
                && pages == region.length() / pageSize
                && page.le32(BAD_PAGES_AT) == 0
                && (page.le64(UUID_AT) | page.le64(UUID_AT + 8)) != 0
                && page.zero(0, HEADER)
                && page.zero(HEADER_END, pageSize - SIGNATURE_BYTES - HEADER_END);
    }

    /** @param evidence why it is believed to be swap, for the reason; may be empty */
    void describe(Region region, String evidence, Findings findings) throws MalformedException {
        if (hibernated) {
            findings.hibernated(region, "swap " + region.place() + ": the guest is hibernated, so it is data");
            return;
        }
        if (pages < 2 || pages > region.length() / pageSize) {
            throw new MalformedException("a swap area of " + pages + " pages of " + pageSize + " bytes does not fit");
        }
        var body = region.onDisk(new Range(pageSize, (pages - 1) * pageSize));
        findings.swap(body, "swap " + region.place() + ", pages of " + (pageSize >> 10) + " KiB" + evidence);
    }

    /** The number of the last page is in the guest's byte order, like the version 1 before it. */
    private static long pages(Bytes header) throws MalformedException {
        if (header.le32(0) == 1) {
            return header.le32(4) + 1;
        }
        if (header.be32(0) == 1) {
            return header.be32(4) + 1;
        }
        throw new MalformedException("a swap area of unknown version");
    }
}
