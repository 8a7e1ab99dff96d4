package org.triplel.ui.actions;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.ui.AccessibleName;

/**
 * Where a part of a disk is kept, to be chosen.
 *
 * @param <T> a place
 */
final class PlacementRow<T> {

    /**
     * A place that can be chosen.
     *
     * @param text its name, with a mnemonic
     * @param remark what it means
     * @param more creates what more there is to choose with it, below the remark
     */
    record Choice<T>(T place, String text, String remark, Consumer<Composite> more) {

        Choice(T place, String text, String remark) {
            this(place, text, remark, parent -> {});
        }
    }

    private record Radio<T>(T place, Button button) {}

    static final int WIDTH = 640;
    static final int INDENT = 20;

    private final List<Radio<T>> radios = new ArrayList<>();

    /**
     * @param parent has two columns
     * @param part what is placed
     * @param offered what can be chosen, in this order
     * @param difference how the VMs differ, if they do
     * @param now what is chosen at first
     */
    PlacementRow(
            Composite parent,
            String part,
            List<Choice<T>> offered,
            Optional<String> difference,
            Optional<T> now,
            Runnable onChoice) {
        var label = new Label(parent, SWT.NONE);
        label.setText(part);
        var choices = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().spacing(0, 2).applyTo(choices);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(choices);
        difference.ifPresent(words -> words(choices, words, 0));
        for (var choice : offered) {
            radios.add(new Radio<>(choice.place, radio(choices, part, choice, now, onChoice)));
            words(choices, choice.remark, INDENT);
            choice.more.accept(choices);
        }
        // beside the words of the first line
        var first = choices.getChildren()[0];
        GridDataFactory.fillDefaults()
                .align(SWT.BEGINNING, SWT.BEGINNING)
                .indent(
                        0,
                        (first.computeSize(SWT.DEFAULT, SWT.DEFAULT).y - label.computeSize(SWT.DEFAULT, SWT.DEFAULT).y)
                                / 2)
                .applyTo(label);
    }

    private static <T> Button radio(
            Composite parent, String part, Choice<T> choice, Optional<T> now, Runnable onChoice) {
        var radio = new Button(parent, SWT.RADIO);
        radio.setText(choice.text);
        radio.setSelection(now.filter(choice.place::equals).isPresent());
        radio.addListener(SWT.Selection, event -> onChoice.run());
        AccessibleName.set(radio, part + ": " + choice.text.replace("&", "") + ". " + choice.remark);
        return radio;
    }

    private static void words(Composite parent, String text, int indent) {
        var words = new Label(parent, SWT.WRAP);
        words.setText(text);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .indent(indent, 0)
                .hint(WIDTH, SWT.DEFAULT)
                .applyTo(words);
    }

    /** Puts the focus to what is chosen, or else to the first choice. */
    void focus() {
        radios.stream()
                .map(Radio::button)
                .filter(Button::getSelection)
                .findFirst()
                .orElse(radios.getFirst().button)
                .setFocus();
    }

    /** Whether a place can be chosen. */
    void setEnabled(T place, boolean enabled) {
        radios.stream().filter(radio -> radio.place.equals(place)).forEach(radio -> radio.button.setEnabled(enabled));
    }

    /** What is chosen; empty as long as nothing is. */
    Optional<T> chosen() {
        return radios.stream()
                .filter(radio -> radio.button.getSelection())
                .map(Radio::place)
                .findFirst();
    }
}
