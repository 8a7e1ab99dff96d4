package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.dialogs.TitleAreaDialog;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Spinner;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Vm;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.Enablement;

/** Asks whether VMs that are off are to have their journals on a disk of their host, or one for swap. */
final class JournalDiskDialog extends TitleAreaDialog {

    private static final int PAGE = 64;

    /**
     * What was chosen.
     *
     * @param vms for which something is to be done
     * @param disk what they are to have
     */
    record Choice(List<Vm> vms, JournalDisk disk) {}

    private final JournalDiskNow now;
    private PlacementRow<JournalPlace> place;
    private Spinner size;
    private Spinner swap;
    private PlacementConsent consent;
    private Optional<Choice> chosen = Optional.empty();

    /** @param vms that are off; at least one */
    JournalDiskDialog(Shell parent, List<Vm> vms) {
        super(parent);
        now = new JournalDiskNow(vms);
    }

    /** What was chosen; empty if the dialog was cancelled. */
    Optional<Choice> choose() {
        return open() == OK ? chosen : Optional.empty();
    }

    @Override
    protected void configureShell(Shell shell) {
        super.configureShell(shell);
        shell.setText(Messages.JournalDisk_Title);
    }

    @Override
    protected Control createDialogArea(Composite parent) {
        var content = (Composite) super.createDialogArea(parent);
        var rows = new Composite(content, SWT.NONE);
        GridLayoutFactory.swtDefaults()
                .numColumns(2)
                .margins(12, 12)
                .spacing(20, 14)
                .applyTo(rows);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(rows);
        place = new PlacementRow<>(
                rows,
                Messages.JournalDisk_Journal,
                List.of(
                        new PlacementRow.Choice<>(
                                JournalPlace.INSIDE, Messages.JournalDisk_Inside, Messages.JournalDisk_InsideRemark),
                        new PlacementRow.Choice<>(
                                JournalPlace.INSIDE_WITH_SWAP,
                                Messages.JournalDisk_InsideWithSwap,
                                Messages.JournalDisk_InsideWithSwapRemark),
                        new PlacementRow.Choice<>(
                                JournalPlace.ALL_ON_DISK, Messages.JournalDisk_All, Messages.JournalDisk_AllRemark),
                        new PlacementRow.Choice<>(
                                JournalPlace.METADATA_ON_DISK,
                                Messages.JournalDisk_Metadata,
                                Messages.JournalDisk_MetadataRemark)),
                now.places().difference(),
                now.places().common(),
                this::look);
        for (var each : JournalPlace.values()) {
            place.setEnabled(each, now.offers(each));
        }
        new Label(rows, SWT.NONE).setText(Messages.JournalDisk_Disks);
        sizes(rows);
        new Label(rows, SWT.NONE);
        consent = new PlacementConsent(rows, this::look);
        var vms = now.vms();
        consent.reserve(List.of(PlacementRisk.ofJournalDisks(vms)));
        setTitle(
                vms.size() == 1
                        ? NLS.bind(Messages.JournalDisk_One, vms.getFirst().name())
                        : NLS.bind(Messages.JournalDisk_Many, vms.size()));
        return content;
    }

    private void sizes(Composite parent) {
        var disk = now.common().filter(JournalDisk::present);
        var line = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(3).spacing(6, 4).applyTo(line);
        size = spinner(
                line,
                Messages.JournalDisk_Size,
                Messages.JournalDisk_SizeName,
                JournalDisk.MIN_MEBIBYTES,
                JournalDisk.MAX_MEBIBYTES,
                Messages.Placement_Mebibytes,
                disk.filter(JournalDisk::hasJournal).map(JournalDisk::mebibytes).orElse(JournalDisk.DEFAULT_MEBIBYTES));
        swap = spinner(
                line,
                Messages.JournalDisk_Swap,
                Messages.JournalDisk_SwapName,
                0,
                JournalDisk.MAX_SWAP_MEBIBYTES,
                Messages.JournalDisk_SwapMebibytes,
                disk.map(JournalDisk::swapMebibytes).orElse(0));
    }

    private Spinner spinner(Composite parent, String label, String name, int least, int most, String unit, int value) {
        new Label(parent, SWT.NONE).setText(label);
        var spinner = new Spinner(parent, SWT.BORDER);
        spinner.setValues(value, least, most, 0, 1, PAGE);
        spinner.addListener(SWT.Modify, event -> look());
        spinner.setToolTipText(name);
        AccessibleName.set(spinner, name);
        new Label(parent, SWT.NONE).setText(unit);
        return spinner;
    }

    /** The choices say how wide it is, and not the first message, which has two lines. */
    @Override
    public void create() {
        super.create();
        look();
    }

    private void look() {
        consent.show(form().risk());
        var form = form();
        size.setEnabled(form.sized());
        swap.setEnabled(form.swapSized());
        chosen = form.choice(System.getProperty("user.name")).map(disk -> new Choice(form.concerned(), disk));
        Enablement.set(getButton(IDialogConstants.OK_ID), chosen.isPresent());
        form.hint()
                .ifPresentOrElse(
                        words -> setMessage(
                                words, form.warns() ? IMessageProvider.WARNING : IMessageProvider.INFORMATION),
                        () -> setMessage(Messages.JournalDisk_Message));
    }

    private JournalDiskForm form() {
        return new JournalDiskForm(now, place.chosen(), size.getSelection(), swap.getSelection(), consent.given());
    }
}
