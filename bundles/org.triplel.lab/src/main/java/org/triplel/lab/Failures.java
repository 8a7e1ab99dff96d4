package org.triplel.lab;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Puts failures into words. */
final class Failures {

    private Failures() {}

    /** What happened, for people to read; the messages of some of Java's exceptions are only a path. */
    static String describe(Exception failure) {
        return switch (failure) {
            case AccessDeniedException denied -> "access to " + denied.getFile() + " is denied";
            case NoSuchFileException missing -> missing.getFile() + " does not exist";
            case FileSystemException other when other.getReason() != null -> other.getFile() + ": " + other.getReason();
            case Exception other when other.getMessage() != null -> other.getMessage();
            default -> failure.toString();
        };
    }
}
