package org.triplel.ui.actions;

import java.util.List;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.Writes;

/** Asks where parts of VMs' disks are to be kept, and has the user accept what may be lost by it. */
final class PlacementArea {

    private final Runnable onChange;
    private final PlacementRow<Side> base;
    private final PlacementRow<Side> swap;
    private final PlacementRow<Writes> writes;
    private final PlacementConsent consent;
    private PlacementBound bound;
    private List<Vm> vms;

    /**
     * About VMs that there are; where they have what they write is preselected if that is one place.
     *
     * @param vms to be placed; at least one
     * @param onChange told when something else is chosen
     */
    PlacementArea(Composite parent, List<Vm> vms, Runnable onChange) {
        this(parent, vms, PlacementForm.writesNow(vms), onChange);
    }

    /**
     * @param vms to be placed; at least one; where they have their base image and swap is preselected if that is one place
     * @param writesNow where they have all else that they write, which is preselected if that is one place
     * @param onChange told when something else is chosen
     */
    PlacementArea(Composite parent, List<Vm> vms, PlacementNow<PlacementOfWrites> writesNow, Runnable onChange) {
        this.onChange = onChange;
        var rows = new Composite(parent, SWT.NONE);
        GridLayoutFactory.swtDefaults()
                .numColumns(2)
                .margins(12, 12)
                .spacing(20, 10)
                .applyTo(rows);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(rows);
        // what a VM has as long as nobody chooses comes first
        base = sides(
                rows,
                Messages.Placement_Base,
                new PlacementRow.Choice<>(
                        Side.LOCAL, Messages.Placement_BaseFromReplica, Messages.Placement_BaseReplicaRemark),
                new PlacementRow.Choice<>(Side.NAS, Messages.Placement_BaseFromNas, Messages.Placement_BaseNasRemark),
                PlacementForm.baseNow(vms));
        swap = sides(
                rows,
                Messages.Placement_Swap,
                new PlacementRow.Choice<>(Side.LOCAL, Messages.Placement_SwapOnHost, Messages.Placement_SwapHostRemark),
                new PlacementRow.Choice<>(Side.NAS, Messages.Placement_SwapOnNas, Messages.Placement_SwapNasRemark),
                PlacementForm.swapNow(vms));
        writes = new PlacementRow<>(
                rows,
                Messages.Placement_Writes,
                List.of(
                        new PlacementRow.Choice<>(
                                Writes.THROUGH, Messages.Placement_Through, Messages.Placement_ThroughRemark),
                        new PlacementRow.Choice<>(
                                Writes.BEHIND,
                                Messages.Placement_Behind,
                                Messages.Placement_BehindRemark,
                                below -> bound = new PlacementBound(
                                        below, writesNow.common().orElse(PlacementOfWrites.THROUGH), this::changed)),
                        new PlacementRow.Choice<>(
                                Writes.LOG_SPLIT, Messages.Placement_LogSplit, Messages.Placement_LogSplitRemark)),
                writesNow.difference(),
                writesNow.common().map(PlacementOfWrites::writes),
                this::changed);
        new Label(rows, SWT.NONE);
        consent = new PlacementConsent(rows, this::changed);
        about(vms);
    }

    private PlacementRow<Side> sides(
            Composite rows,
            String part,
            PlacementRow.Choice<Side> host,
            PlacementRow.Choice<Side> nas,
            PlacementNow<Side> now) {
        return new PlacementRow<>(rows, part, List.of(host, nas), now.difference(), now.common(), this::changed);
    }

    /** The same question, for other VMs; an answer to another question is dropped. */
    void about(List<Vm> others) {
        vms = List.copyOf(others);
        var widest = PlacementOfWrites.behind(Placement.MAX_RPO_SECONDS, Placement.MAX_RPO_MEBIBYTES);
        consent.reserve(List.of(PlacementRisk.of(vms, widest), PlacementRisk.of(vms, PlacementOfWrites.LOG_SPLIT)));
        ask();
    }

    /** Puts the focus to the first question. */
    void focus() {
        base.focus();
    }

    private void changed() {
        ask();
        onChange.run();
    }

    private void ask() {
        consent.show(form().risk());
        bound.setEnabled(writes.chosen().filter(Writes.BEHIND::equals).isPresent());
    }

    /** As it is filled in now. */
    PlacementForm form() {
        var chosenWrites = writes.chosen().map(kind -> switch (kind) {
            case THROUGH -> PlacementOfWrites.THROUGH;
            case LOG_SPLIT -> PlacementOfWrites.LOG_SPLIT;
            case BEHIND -> bound.chosen();
        });
        return new PlacementForm(vms, base.chosen(), swap.chosen(), chosenWrites, consent.given());
    }
}
