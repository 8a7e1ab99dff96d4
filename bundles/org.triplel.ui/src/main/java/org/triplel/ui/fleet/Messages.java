package org.triplel.ui.fleet;

import org.eclipse.osgi.util.NLS;

final class Messages extends NLS {

    public static String Events_Error;
    public static String Events_Host;
    public static String Events_Info;
    public static String Events_Message;
    public static String Events_None;
    public static String Events_Operation;
    public static String Events_Severity;
    public static String Events_Time;
    public static String Events_Title;
    public static String Events_Vm;
    public static String Events_Warning;
    public static String Fleet_BaseRemark;
    public static String Fleet_Connecting;
    public static String Fleet_Disk;
    public static String Fleet_Empty;
    public static String Fleet_Exposure;
    public static String Fleet_Lost;
    public static String Fleet_LostRemedy;
    public static String Fleet_ManyBases;
    public static String Fleet_Nas;
    public static String Fleet_NasLost;
    public static String Fleet_NoNas;
    public static String Fleet_NothingExposed;
    public static String Fleet_OneBase;
    public static String Fleet_Running;
    public static String Fleet_Title;
    public static String Replicas_Base;
    public static String Replicas_Complete;
    public static String Replicas_Empty;
    public static String Replicas_Filling;
    public static String Replicas_Host;
    public static String Replicas_None;
    public static String Replicas_Off;
    public static String Replicas_On;
    public static String Replicas_Partial;
    public static String Replicas_Problem;
    public static String Replicas_ShadowBase;
    public static String Replicas_Size;
    public static String Replicas_State;
    public static String Replicas_Stuck;
    public static String Replicas_Title;
    public static String Replicas_Unknown;
    public static String Replicas_Verified;
    public static String Replicas_Version;
    public static String Table_Columns;
    public static String Table_Filter;
    public static String Vms_AllLost;
    public static String Vms_Base;
    public static String Vms_Boot;
    public static String Vms_Changing;
    public static String Vms_Exposure;
    public static String Vms_ExposureChanging;
    public static String Vms_ExposureTip;
    public static String Vms_Host;
    public static String Vms_Io;
    public static String Vms_LocalShare;
    public static String Vms_Minute;
    public static String Vms_Name;
    public static String Vms_Nas;
    public static String Vms_New;
    public static String Vms_NoHosts;
    public static String Vms_None;
    public static String Vms_NoneAboveHalf;
    public static String Vms_Rpo;
    public static String Vms_RpoTip;
    public static String Vms_State;
    public static String Vms_Swap;
    public static String Vms_SwapAndMore;
    public static String Vms_SwapTip;
    public static String Vms_Title;
    public static String Vms_WhyNot;
    public static String Vms_Worst;
    public static String Vms_WorstTip;
    public static String WhyNot_BaseOnNas;
    public static String WhyNot_Incomplete;
    public static String WhyNot_Lost;
    public static String WhyNot_Nas;
    public static String WhyNot_NoReplica;
    public static String WhyNot_OtherVersion;
    public static String WhyNot_ShadowBaseOff;

    static {
        NLS.initializeMessages("org.triplel.ui.fleet.messages", Messages.class);
    }

    private Messages() {}
}
