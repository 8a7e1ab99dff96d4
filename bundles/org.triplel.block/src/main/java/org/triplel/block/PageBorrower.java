package org.triplel.block;

/** Takes content straight from the pages of a file. */
@FunctionalInterface
public interface PageBorrower {

    /** @param fd the lender's, open until this returns, even if the lender is closed meanwhile */
    void take(int fd, long offset, int length);
}
