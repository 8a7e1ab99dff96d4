package org.triplel.agent;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.logging.ConsoleHandler;
import java.util.logging.FileHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Where the agent's log goes: to stderr, and to files of which the newest are kept. */
final class AgentLog {

    private static final int FILE_BYTES = 10 << 20;
    private static final int FILES = 3;

    private AgentLog() {}

    static void toStderr() {
        LogManager.getLogManager().reset();
        add(new ConsoleHandler());
    }

    static void toFolder(Path folder) throws IOException {
        add(new FileHandler(folder.toString().replace("%", "%%") + "/agent.log", FILE_BYTES, FILES, true));
    }

    private static void add(Handler handler) {
        handler.setFormatter(new OneLine());
        Logger.getLogger("").addHandler(handler);
    }

    private static final class OneLine extends Formatter {
        @Override
        public String format(LogRecord record) {
            var line = new StringWriter();
            var writer = new PrintWriter(line);
            var logger = record.getLoggerName();
            writer.printf(
                    "%tFT%<tT.%<tL %-7s %s: %s%n",
                    record.getMillis(),
                    record.getLevel(),
                    logger == null ? "" : logger.substring(logger.lastIndexOf('.') + 1),
                    formatMessage(record));
            if (record.getThrown() != null) {
                record.getThrown().printStackTrace(writer);
            }
            return line.toString();
        }
    }
}
