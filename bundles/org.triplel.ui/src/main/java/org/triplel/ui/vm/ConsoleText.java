package org.triplel.ui.vm;

/**
 * What a serial console printed, as plain text: escape sequences are left out, a carriage return overwrites its line, and
 * old lines are forgotten.
 */
final class ConsoleText {

    private static final int LONGEST = 200_000;
    private static final char ESCAPE = 0x1b;
    private static final char BELL = 0x07;

    private enum State {
        TEXT,
        ESCAPED,
        CONTROL_SEQUENCE,
        OPERATING_SYSTEM_COMMAND
    }

    private final StringBuilder text = new StringBuilder();
    private State state = State.TEXT;
    private int lineStart;
    private int cursor;

    /** Takes in more output; sequences may be split between calls. */
    void append(String output) {
        output.chars().forEach(character -> put((char) character));
        if (text.length() > LONGEST) {
            var cut = text.indexOf("\n", text.length() - LONGEST / 2) + 1;
            text.delete(0, cut);
            lineStart = Math.max(0, lineStart - cut);
            cursor = Math.max(lineStart, cursor - cut);
        }
    }

    private void put(char character) {
        switch (state) {
            case TEXT -> print(character);
            case ESCAPED ->
                state = switch (character) {
                    case '[' -> State.CONTROL_SEQUENCE;
                    case ']' -> State.OPERATING_SYSTEM_COMMAND;
                    default -> State.TEXT;
                };
            case CONTROL_SEQUENCE -> {
                if (character >= '@' && character <= '~') {
                    state = State.TEXT;
                }
            }
            case OPERATING_SYSTEM_COMMAND -> {
                if (character == BELL || character == '\\') {
                    state = State.TEXT;
                }
            }
        }
    }

    private void print(char character) {
        switch (character) {
            case ESCAPE -> state = State.ESCAPED;
            case '\r' -> cursor = lineStart;
            case '\b' -> cursor = Math.max(lineStart, cursor - 1);
            case '\n' -> {
                text.append('\n');
                lineStart = text.length();
                cursor = lineStart;
            }
            default -> {
                if (character >= ' ' || character == '\t') {
                    if (cursor < text.length()) {
                        text.setCharAt(cursor, character);
                    } else {
                        text.append(character);
                    }
                    cursor++;
                }
            }
        }
    }

    void clear() {
        text.setLength(0);
        lineStart = 0;
        cursor = 0;
        state = State.TEXT;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
