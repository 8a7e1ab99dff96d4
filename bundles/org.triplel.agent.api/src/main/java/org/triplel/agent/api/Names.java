package org.triplel.agent.api;

import java.util.regex.Pattern;

/** The form of the names of VMs, hosts and base images: they become file names, so nothing else is accepted. */
public final class Names {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");

    private Names() {}

    /** Whether {@code name} is 1 to 63 letters, digits, '-' and '_', and starts with a letter or digit. */
    public static boolean valid(String name) {
        return NAME.matcher(name).matches();
    }
}
