package org.triplel.ui.actions;

import java.util.ArrayList;
import java.util.List;
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
     * A place that can be chosen.
     *
     * @param text its name, with a mnemonic
     * @param remark what it means
     */
    record Choice(Side side, String text, String remark) {}

    private record Radio(Side side, Button button) {}

    static final int WIDTH = 430;
    static final int INDENT = 20;

    private final Composite choices;
    private final List<Radio> radios = new ArrayList<>();

    /**
     * @param parent has two columns
     * @param part what is placed
     * @param offered what can be chosen, in this order
     * @param now what is chosen at first
     */
    PlacementRow(Composite parent, String part, List<Choice> offered, Optional<Side> now, Runnable onChoice) {
        var label = new Label(parent, SWT.NONE);
        label.setText(part);
        choices = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().spacing(0, 2).applyTo(choices);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(choices);
        for (var choice : offered) {
            radios.add(new Radio(choice.side, radio(part, choice, now, onChoice)));
            remark(choice.remark);
        }
        // beside the first choice's words
        GridDataFactory.fillDefaults()
                .align(SWT.BEGINNING, SWT.BEGINNING)
                .indent(
                        0,
                        (radios.getFirst().button.computeSize(SWT.DEFAULT, SWT.DEFAULT).y
                                        - label.computeSize(SWT.DEFAULT, SWT.DEFAULT).y)
                                / 2)
                .applyTo(label);
    }

    private Button radio(String part, Choice choice, Optional<Side> now, Runnable onChoice) {
        var radio = new Button(choices, SWT.RADIO);
        radio.setText(choice.text);
        radio.setSelection(now.filter(choice.side::equals).isPresent());
        radio.addListener(SWT.Selection, event -> onChoice.run());
        AccessibleName.set(radio, part + " " + choice.text.replace("&", "") + ". " + choice.remark);
        return radio;
    }

    private void remark(String text) {
        var remark = new Label(choices, SWT.WRAP);
        remark.setText(text);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .indent(INDENT, 0)
                .hint(WIDTH, SWT.DEFAULT)
                .applyTo(remark);
    }

    /** What belongs to the last choice is put here: one column. */
    Composite below() {
        return choices;
    }

    /** What is chosen; empty as long as nothing is. */
    Optional<Side> chosen() {
        return radios.stream()
                .filter(radio -> radio.button.getSelection())
                .map(Radio::side)
                .findFirst();
    }
}
