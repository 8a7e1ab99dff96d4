package org.triplel.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code triplel} command. Results go to standard output, everything else to standard error. */
@Command(
        name = "triplel",
        description = "Triple-L: virtual machines whose disks are split between the NAS and the host.",
        mixinStandardHelpOptions = true,
        version = "triplel 0.1.0")
final class Main {

    private Main() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }
}
