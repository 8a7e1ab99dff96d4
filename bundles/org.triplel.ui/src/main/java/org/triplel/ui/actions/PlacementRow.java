package org.triplel.ui.actions;

import java.util.Optional;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.agent.api.Side;
import org.triplel.ui.AccessibleName;

/** Where one part of a disk is kept, to be chosen: on the host or on the NAS. */
final class PlacementRow {

    /**
     * What a row says.
     *
     * @param part what is placed
     * @param onHost the choice of the host, with a mnemonic
     * @param onNas the choice of the NAS, with a mnemonic
     * @param remark what the choice means
     */
    record Words(String part, String onHost, String onNas, String remark) {}

    private static final int REMARK_WIDTH = 380;

    private final Button onHost;
    private final Button onNas;

    /**
     * @param parent has two columns
     * @param now what is chosen at first
     */
    PlacementRow(Composite parent, Words words, Optional<Side> now, Runnable onChoice) {
        new Label(parent, SWT.NONE).setText(words.part);
        var choices = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(2).spacing(20, 0).applyTo(choices);
        onHost = radio(choices, words.part, words.onHost, now.filter(Side.LOCAL::equals), onChoice);
        onNas = radio(choices, words.part, words.onNas, now.filter(Side.NAS::equals), onChoice);
        new Label(parent, SWT.NONE);
        var remark = new Label(parent, SWT.WRAP);
        remark.setText(words.remark);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .hint(REMARK_WIDTH, SWT.DEFAULT)
                .applyTo(remark);
    }

    private static Button radio(Composite parent, String part, String text, Optional<Side> chosen, Runnable onChoice) {
        var radio = new Button(parent, SWT.RADIO);
        radio.setText(text);
        radio.setSelection(chosen.isPresent());
        radio.addListener(SWT.Selection, event -> onChoice.run());
        AccessibleName.set(radio, part + " " + text.replace("&", ""));
        return radio;
    }

    /** What is chosen; empty as long as nothing is. */
    Optional<Side> chosen() {
        if (onHost.getSelection()) {
            return Optional.of(Side.LOCAL);
        }
        return onNas.getSelection() ? Optional.of(Side.NAS) : Optional.empty();
    }
}
