package org.triplel.guest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Reads the language that LVM2 writes its metadata in (lvm2, libdm/libdm-config.c, and lvm.conf(5)): named values, lists,
 * and sections in braces, with comments up to the end of a line.
 */
final class LvmText {

    /** Deeper than segments of volumes of a group. */
    private static final int MAX_DEPTH = 8;

    /** Named values and members of lists, together: some hundred volumes. */
    private static final int MAX_VALUES = 1 << 13;

    private static final int MAX_DIGITS = 18;

    private final Bytes text;
    private int at;
    private int values;

    private LvmText(Bytes text) {
        this.text = text;
    }

    static LvmValue.Section parse(Bytes text) throws MalformedException {
        return new LvmText(text).section(0);
    }

    /** Up to its closing brace, or for the outermost one to the end of the text. */
    private LvmValue.Section section(int depth) throws MalformedException {
        if (depth > MAX_DEPTH) {
            throw new MalformedException("the metadata are nested too deeply");
        }
        var entries = new LinkedHashMap<String, LvmValue>();
        for (int next = skipSpace(); next != (depth == 0 ? 0 : '}'); next = skipSpace()) {
            var name = word();
            var value = entry(depth);
            if (entries.put(name, value) != null) {
                throw new MalformedException("the metadata have " + name + " twice");
            }
        }
        at++;
        return new LvmValue.Section(entries);
    }

    private LvmValue entry(int depth) throws MalformedException {
        count();
        switch (skipSpace()) {
            case '{' -> {
                at++;
                return section(depth + 1);
            }
            case '=' -> {
                at++;
                return skipSpace() == '[' ? items() : scalar();
            }
            default -> throw broken();
        }
    }

    private LvmValue items() throws MalformedException {
        at++;
        List<LvmValue> items = new ArrayList<>();
        while (skipSpace() != ']') {
            count();
            items.add(scalar());
            if (skipSpace() == ',') {
                at++;
            } else if (peek() != ']') {
                throw broken();
            }
        }
        at++;
        return new LvmValue.Items(items);
    }

    private LvmValue scalar() throws MalformedException {
        int first = skipSpace();
        if (first == '"' || first == '\'') {
            return new LvmValue.Text(quoted(first));
        }
        var word = word();
        return number(word) ? new LvmValue.Number(Long.parseLong(word)) : new LvmValue.Text(word);
    }

    private static boolean number(String word) {
        var digits = word.startsWith("-") ? word.substring(1) : word;
        return !digits.isEmpty()
                && digits.length() <= MAX_DIGITS
                && digits.chars().allMatch(Character::isDigit);
    }

    private String quoted(int quote) throws MalformedException {
        var result = new StringBuilder();
        for (at++; peek() != quote; at++) {
            if (peek() == '\\' && quote == '"') {
                at++;
            }
            if (peek() == 0) {
                throw broken();
            }
            result.append((char) peek());
        }
        at++;
        return result.toString();
    }

    private String word() throws MalformedException {
        int start = at;
        while (wordCharacter(peek())) {
            at++;
        }
        if (at == start) {
            throw broken();
        }
        return text.characters(start, at - start);
    }

    private static boolean wordCharacter(int character) {
        return character >= '0' && character <= '9'
                || character >= 'a' && character <= 'z'
                || character >= 'A' && character <= 'Z'
                || character != 0 && "_.+-/@:".indexOf(character) >= 0;
    }

    /** Returns what comes next. */
    private int skipSpace() {
        while (true) {
            int next = peek();
            if (next == '#') {
                while (peek() != '\n' && peek() != 0) {
                    at++;
                }
            } else if (next == ' ' || next == '\t' || next == '\n' || next == '\r') {
                at++;
            } else {
                return next;
            }
        }
    }

    /** 0 at the end. */
    private int peek() {
        return at < text.size() ? text.u8(at) : 0;
    }

    private void count() throws MalformedException {
        if (++values > MAX_VALUES) {
            throw new MalformedException("the metadata have more than " + MAX_VALUES + " values");
        }
    }

    private MalformedException broken() {
        return new MalformedException("the metadata are broken at byte " + at);
    }
}
