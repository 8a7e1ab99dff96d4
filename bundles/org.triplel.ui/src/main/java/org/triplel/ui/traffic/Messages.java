package org.triplel.ui.traffic;

import org.eclipse.osgi.util.NLS;

final class Messages extends NLS {

    public static String Class_Base;
    public static String Class_BaseCopy;
    public static String Class_Drain;
    public static String Class_DrainExplained;
    public static String Class_BaseCopyExplained;
    public static String Class_BaseExplained;
    public static String Class_BaseRewrite;
    public static String Class_BaseRewriteExplained;
    public static String Class_Journal;
    public static String Class_JournalExplained;
    public static String Class_Private;
    public static String Class_PrivateExplained;
    public static String Class_Swap;
    public static String Class_SwapExplained;
    public static String Traffic_All;
    public static String Traffic_Figure;
    public static String Traffic_Follow;
    public static String Traffic_Heading;
    public static String Traffic_Held;
    public static String Traffic_Local;
    public static String Traffic_Many;
    public static String Traffic_Nas;
    public static String Traffic_NoHosts;
    public static String Traffic_NotSaved;
    public static String Traffic_Now;
    public static String Traffic_Pause;
    public static String Traffic_Range;
    public static String Traffic_Requests;
    public static String Traffic_SaveCsv;
    public static String Traffic_SaveImage;
    public static String Traffic_Saving;
    public static String Traffic_Sum;
    public static String Traffic_Throughput;

    static {
        NLS.initializeMessages("org.triplel.ui.traffic.messages", Messages.class);
    }

    private Messages() {}
}
