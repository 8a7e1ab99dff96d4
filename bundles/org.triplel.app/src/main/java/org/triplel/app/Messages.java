package org.triplel.app;

import org.eclipse.osgi.util.NLS;

final class Messages extends NLS {

    public static String App_AlreadyRunning;
    public static String App_Title;
    public static String Lab_Start;
    public static String Lab_Starting;
    public static String Lab_StopButton;
    public static String Lab_StopQuestion;
    public static String Lab_StopTitle;
    public static String Lab_Stopping;
    public static String Link_Bandwidth;
    public static String Link_Figure;
    public static String Link_Latency;
    public static String Link_Millis;
    public static String Link_None;
    public static String Link_Read;
    public static String Link_Stopped;
    public static String Link_Unlimited;
    public static String Link_Written;

    static {
        NLS.initializeMessages("org.triplel.app.messages", Messages.class);
    }

    private Messages() {}
}
