package org.triplel.ui.actions;

import org.eclipse.osgi.util.NLS;

final class Messages extends NLS {

    public static String Home_Many;
    public static String Home_One;
    public static String Kill_AlwaysAsk;
    public static String Kill_AskMany;
    public static String Kill_AskOne;
    public static String Kill_Button;
    public static String Kill_Many;
    public static String Kill_One;
    public static String Kill_Title;
    public static String Placement_AHost;
    public static String Placement_AcceptBehindMany;
    public static String Placement_AcceptBehindOne;
    public static String Placement_AcceptMany;
    public static String Placement_AcceptOne;
    public static String Placement_AcceptedMany;
    public static String Placement_AcceptedOne;
    public static String Placement_AtMost;
    public static String Placement_Behind;
    public static String Placement_BehindRemark;
    public static String Placement_Count;
    public static String Placement_CountOther;
    public static String Placement_IsBehind;
    public static String Placement_IsLogSplit;
    public static String Placement_IsOnHost;
    public static String Placement_IsOnNas;
    public static String Placement_IsThrough;
    public static String Placement_LogSplit;
    public static String Placement_LogSplitRemark;
    public static String Placement_Many;
    public static String Placement_Mebibytes;
    public static String Placement_MebibytesName;
    public static String Placement_Message;
    public static String Placement_Mixed;
    public static String Placement_One;
    public static String Placement_Seconds;
    public static String Placement_SecondsName;
    public static String Placement_Stays;
    public static String Placement_Swap;
    public static String Placement_SwapHostRemark;
    public static String Placement_SwapNasRemark;
    public static String Placement_SwapOnHost;
    public static String Placement_SwapOnNas;
    public static String Placement_TheHost;
    public static String Placement_Through;
    public static String Placement_ThroughRemark;
    public static String Placement_Title;
    public static String Placement_Unanswered;
    public static String Placement_Writes;
    public static String Replica_Clear;
    public static String Replica_Fill;
    public static String Reset_AskMany;
    public static String Reset_AskOne;
    public static String Reset_Button;
    public static String Reset_Many;
    public static String Reset_One;
    public static String Reset_Title;
    public static String ShadowBase_Off;
    public static String ShadowBase_On;
    public static String ShutDown_Many;
    public static String ShutDown_One;
    public static String Start_Many;
    public static String Start_One;
    public static String Storm_Base;
    public static String Storm_Booting;
    public static String Storm_Cancelled;
    public static String Storm_Close;
    public static String Storm_Column_Vm;
    public static String Storm_Fresh;
    public static String Storm_FromNas;
    public static String Storm_FromReplica;
    public static String Storm_Job;
    public static String Storm_Last;
    public static String Storm_Longest;
    public static String Storm_Median;
    public static String Storm_NasRead;
    public static String Storm_NasWritten;
    public static String Storm_NoOther;
    public static String Storm_NoVms;
    public static String Storm_None;
    public static String Storm_NotReady;
    public static String Storm_Ready;
    public static String Storm_Running;
    public static String Storm_RunningOne;
    public static String Storm_Start;
    public static String Storm_Stop;
    public static String Storm_Text;
    public static String Storm_TextOne;
    public static String Storm_Title;
    public static String Storm_Total;
    public static String Storm_With;
    public static String Storm_Without;

    static {
        NLS.initializeMessages("org.triplel.ui.actions.messages", Messages.class);
    }

    private Messages() {}
}
