package org.triplel.ui.vm;

import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmMemory;
import org.triplel.cluster.Size;
import org.triplel.ui.Icon;
import org.triplel.ui.charts.Units;

/** A VM's memory in words. */
final class MemoryWords {

    private MemoryWords() {}

    /**
     * What is to be said of it.
     *
     * @param icon how urgent it is
     */
    record Message(Icon icon, String text) {}

    /** @param chosenMiB the target that the user is about to set, or has */
    static Message message(Vm vm, VmMemory memory, int chosenMiB) {
        if (!memory.remark().isEmpty()) {
            return new Message(Icon.WARNING, memory.remark());
        }
        if (!memory.balloon()) {
            return info(Messages.Memory_NoBalloon, vm.name(), mebibytes(memory.maximumMiB()));
        }
        if (chosenMiB < memory.currentMiB() && chosenMiB != memory.targetMiB()) {
            return new Message(Icon.WARNING, NLS.bind(Messages.Memory_Taken, vm.name()));
        }
        if (memory.proposedMiB() > 0) {
            var words = memory.givenByItself() ? Messages.Memory_ProposedAndGiven : Messages.Memory_Proposed;
            return new Message(
                    Icon.WARNING,
                    NLS.bind(words, new Object[] {vm.name(), vm.host(), mebibytes(memory.proposedMiB())}));
        }
        if (memory.currentMiB() == 0) {
            return info(Messages.Memory_Off, vm.name(), mebibytes(memory.targetMiB()));
        }
        return memory.swap().seconds() > 0
                ? info(Messages.Memory_SwapsLittle, vm.name(), vm.host())
                : info(Messages.Memory_Enough, vm.name(), vm.host());
    }

    private static Message info(String words, String first, String second) {
        return new Message(Icon.INFO, NLS.bind(words, first, second));
    }

    static String mebibytes(int number) {
        return number + " MiB";
    }

    /** What the balloon leaves to the guest. */
    static String current(VmMemory memory) {
        return memory.currentMiB() == 0 ? Units.NONE : mebibytes(memory.currentMiB());
    }

    /** What the guest says of itself. */
    static String guest(VmMemory memory) {
        if (memory.currentMiB() == 0) {
            return Units.NONE;
        }
        if (memory.guestAvailableBytes() < 0) {
            return memory.guestUnusedBytes() < 0
                    ? Messages.Memory_GuestSilent
                    : NLS.bind(Messages.Memory_GuestUnused, rounded(memory.guestUnusedBytes()));
        }
        return memory.guestUnusedBytes() < 0
                ? rounded(memory.guestAvailableBytes())
                : NLS.bind(
                        Messages.Memory_GuestBoth,
                        rounded(memory.guestAvailableBytes()),
                        rounded(memory.guestUnusedBytes()));
    }

    static String rounded(long bytes) {
        return new Size(bytes).rounded();
    }

    static String swap(SwapVelocity swap) {
        return swap.seconds() == 0
                ? Units.NONE
                : NLS.bind(Messages.Memory_SwapVelocity, Units.rate(swap.bytesPerSecond()), swap.seconds());
    }
}
