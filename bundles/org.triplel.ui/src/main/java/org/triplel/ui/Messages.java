package org.triplel.ui;

import org.eclipse.osgi.util.NLS;

final class Messages extends NLS {

    public static String Exposure_Age;
    public static String Exposure_Bytes;
    public static String Exposure_Figure;
    public static String Exposure_PromisedMebibytes;
    public static String Exposure_PromisedSeconds;
    public static String Preferences_AskBeforeKill;
    public static String Preferences_EveryTwoSeconds;
    public static String Preferences_FourTimes;
    public static String Preferences_Once;
    public static String Preferences_Refresh;
    public static String Preferences_Twice;
    public static String Rpo_Bound;
    public static String Rpo_Exposure;
    public static String Rpo_NoBound;
    public static String Rpo_ShareOf;
    public static String Rpo_Zeroes;
    public static String Span_Hour;
    public static String Span_Minute;
    public static String Span_TenMinutes;
    public static String State_Booting;
    public static String State_Crashed;
    public static String State_Paused;
    public static String State_Running;
    public static String State_Starting;
    public static String State_Stopped;
    public static String State_Stopping;
    public static String State_Unknown;
    public static String Welcome_BootStorm;
    public static String Welcome_Fleet;
    public static String Welcome_NoVms;
    public static String Welcome_Replicas;
    public static String Welcome_Storm;
    public static String Welcome_Title;
    public static String Welcome_Traffic;
    public static String Welcome_Vms;

    static {
        NLS.initializeMessages("org.triplel.ui.messages", Messages.class);
    }

    private Messages() {}
}
