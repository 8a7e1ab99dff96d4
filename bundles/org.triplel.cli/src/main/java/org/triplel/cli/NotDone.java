package org.triplel.cli;

/** Something could not be done; the message says what and what to do. */
final class NotDone extends Exception {

    private static final long serialVersionUID = 1L;

    NotDone(String message) {
        super(message);
    }
}
