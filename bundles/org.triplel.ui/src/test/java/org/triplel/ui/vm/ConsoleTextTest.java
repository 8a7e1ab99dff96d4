package org.triplel.ui.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ConsoleTextTest {

    private final ConsoleText text = new ConsoleText();

    @Test
    void plainLinesStay() {
        text.append("Linux\r\nDebian\r\n");
        assertEquals("Linux\nDebian\n", text.toString());
    }

    @Test
    void escapeSequencesGoEvenWhenSplit() {
        text.append("[  \u001b[32m OK");
        text.append(" \u001b[0");
        text.append("m ] Started\u001b]0;title\u0007.\n");
        assertEquals("[   OK  ] Started.\n", text.toString());
    }

    @Test
    void carriageReturnOverwrites() {
        text.append("10 %\r99 %\nab\b\bcd");
        assertEquals("99 %\ncd", text.toString());
    }

    @Test
    void oldLinesAreForgotten() {
        text.append("x".repeat(99).concat("\n").repeat(3_000));
        text.append("last");
        assertTrue(text.toString().length() < 200_000);
        assertTrue(text.toString().endsWith("x\nlast"));
        assertTrue(text.toString().startsWith("x".repeat(99) + "\n"));
    }
}
