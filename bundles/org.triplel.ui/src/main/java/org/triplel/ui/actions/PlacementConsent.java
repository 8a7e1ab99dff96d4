package org.triplel.ui.actions;

import java.time.ZoneId;
import java.util.Optional;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.Enablement;

/** Has the user accept a risk, or tells who has accepted it before. */
final class PlacementConsent {

    private final Optional<Button> box;

    PlacementConsent(Composite parent, PlacementRisk risk, Runnable onChange) {
        if (risk.accepted()) {
            var accepted = new Label(parent, SWT.WRAP);
            accepted.setText(risk.acceptedWords(ZoneId.systemDefault()).replace("&", "&&"));
            layout().applyTo(accepted);
            box = Optional.empty();
        } else {
            var accept = new Button(parent, SWT.CHECK | SWT.WRAP);
            accept.setText(risk.question());
            AccessibleName.set(accept, accept.getText().replace("&", ""));
            accept.addListener(SWT.Selection, event -> onChange.run());
            layout().applyTo(accept);
            box = Optional.of(accept);
        }
    }

    private static GridDataFactory layout() {
        return GridDataFactory.fillDefaults()
                .grab(true, false)
                .indent(PlacementRow.INDENT, 4)
                .hint(PlacementRow.WIDTH, SWT.DEFAULT);
    }

    /** What is no longer asked has not been answered. */
    void ask(boolean asked) {
        box.ifPresent(button -> {
            Enablement.set(button, asked);
            if (!asked) {
                button.setSelection(false);
            }
        });
    }

    boolean given() {
        return box.filter(Button::getSelection).isPresent();
    }
}
