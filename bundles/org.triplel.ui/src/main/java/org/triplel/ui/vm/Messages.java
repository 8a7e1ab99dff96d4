package org.triplel.ui.vm;

import org.eclipse.osgi.util.NLS;

final class Messages extends NLS {

    public static String Console_NotRunning;
    public static String Console_NotTyped;
    public static String Console_Type;
    public static String Disk_Hover;
    public static String Disk_Known;
    public static String Disk_NotKnown;
    public static String Disk_OnHost;
    public static String Disk_OnNas;
    public static String Disk_OnNasOrUnwritten;
    public static String Disk_Range;
    public static String Disk_RangeAt;
    public static String Disk_Share;
    public static String Disk_ShareLocal;
    public static String Disk_ShareSwap;
    public static String Disk_ShareSwapNone;
    public static String Disk_Sides;
    public static String Disk_Title;
    public static String Exposure_Age;
    public static String Exposure_Bytes;
    public static String Exposure_Figure;
    public static String Exposure_NoBound;
    public static String Exposure_NotYet;
    public static String Exposure_Nothing;
    public static String Exposure_Now;
    public static String Exposure_Promised;
    public static String Exposure_PromisedMebibytes;
    public static String Exposure_PromisedSeconds;
    public static String Exposure_Range;
    public static String Exposure_Unknown;
    public static String Exposure_Words;
    public static String Kind_Base;
    public static String Kind_Journal;
    public static String Kind_Private;
    public static String Kind_Rewritten;
    public static String Kind_Swap;
    public static String Kind_Unused;
    public static String Overview_Base;
    public static String Overview_Boot;
    public static String Overview_Disk;
    public static String Overview_Exposure;
    public static String Overview_ExposureAge;
    public static String Overview_ExposureNone;
    public static String Overview_Flush;
    public static String Overview_Host;
    public static String Overview_Io;
    public static String Overview_Latency;
    public static String Overview_LocalShare;
    public static String Overview_Memory;
    public static String Overview_Nas;
    public static String Overview_Problem;
    public static String Overview_ReadLocal;
    public static String Overview_ReadNas;
    public static String Overview_Replica;
    public static String Overview_ReplicaOff;
    public static String Overview_ReplicaOn;
    public static String Overview_Rpo;
    public static String Overview_Started;
    public static String Overview_State;
    public static String Overview_Swap;
    public static String Overview_SwapHost;
    public static String Overview_SwapNas;
    public static String Overview_Worst;
    public static String Overview_WriteNas;
    public static String Overview_Writes;
    public static String Overview_WritesAccepted;
    public static String Overview_WritesBehind;
    public static String Overview_WritesLogSplit;
    public static String Overview_WritesThrough;
    public static String Vm_Console;
    public static String Vm_Disk;
    public static String Vm_Exposure;
    public static String Vm_Gone;
    public static String Vm_Overview;

    static {
        NLS.initializeMessages("org.triplel.ui.vm.messages", Messages.class);
    }

    private Messages() {}
}
