package org.triplel.guest;

/** A structure on the disk is not what it should be, or costs too much to read; the message becomes a reason. */
final class MalformedException extends Exception {

    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
        super(message);
    }
}
