package org.triplel.ui;

/** Ids of the commands of {@code plugin.xml}. */
public final class Commands {

    public static final String NEW_VM = "org.triplel.ui.command.newvm";
    public static final String START = "org.triplel.ui.command.start";
    public static final String SHUT_DOWN = "org.triplel.ui.command.shutdown";
    public static final String KILL = "org.triplel.ui.command.kill";
    public static final String RESET = "org.triplel.ui.command.reset";
    public static final String DELETE = "org.triplel.ui.command.delete";
    public static final String PLACEMENT = "org.triplel.ui.command.placement";
    public static final String JOURNAL_DISK = "org.triplel.ui.command.journaldisk";
    public static final String BRING_HOME = "org.triplel.ui.command.bringhome";
    public static final String RECOVER = "org.triplel.ui.command.recover";
    public static final String GIVE_UP = "org.triplel.ui.command.giveup";
    public static final String ABOVE_HALF = "org.triplel.ui.command.abovehalf";
    public static final String OPEN = "org.triplel.ui.command.open";
    public static final String BOOT_STORM = "org.triplel.ui.command.bootstorm";
    public static final String SHADOW_BASE_ON = "org.triplel.ui.command.shadowbase.on";
    public static final String SHADOW_BASE_OFF = "org.triplel.ui.command.shadowbase.off";
    public static final String FILL = "org.triplel.ui.command.replica.fill";
    public static final String CLEAR = "org.triplel.ui.command.replica.clear";
    public static final String APPEARANCE = "org.triplel.ui.command.appearance";

    private Commands() {}
}
