package org.triplel.ui.actions;

import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.accessibility.AccessibleAdapter;
import org.eclipse.swt.accessibility.AccessibleEvent;
import org.eclipse.swt.custom.StackLayout;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;

/** Has the user accept a risk, or tells who has accepted it before. It keeps its height, so that nothing jumps. */
final class PlacementConsent {

    private final Composite page;
    private final StackLayout stack = new StackLayout();
    private final Composite nothing;
    private final Label before;
    private final Button box;

    PlacementConsent(Composite parent, Runnable onChange) {
        page = new Composite(parent, SWT.NONE);
        page.setLayout(stack);
        nothing = new Composite(page, SWT.NONE);
        before = new Label(page, SWT.WRAP);
        box = new Button(page, SWT.CHECK | SWT.WRAP);
        box.addListener(SWT.Selection, event -> onChange.run());
        box.getAccessible().addAccessibleListener(new AccessibleAdapter() {
            @Override
            public void getName(AccessibleEvent event) {
                event.result = box.getText().replace("&", "");
            }
        });
        stack.topControl = nothing;
    }

    /** Takes as much room as the longest of these questions needs. */
    void reserve(List<PlacementRisk> longest) {
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .hint(
                        PlacementRow.WIDTH + PlacementRow.INDENT,
                        longest.stream().mapToInt(this::height).max().orElseThrow())
                .applyTo(page);
        page.requestLayout();
    }

    private int height(PlacementRisk risk) {
        var text = box.getText();
        box.setText(risk.question());
        var height = box.computeSize(PlacementRow.WIDTH + PlacementRow.INDENT, SWT.DEFAULT).y;
        box.setText(text);
        return height;
    }

    /** Asks for consent, or tells of it. An answer holds only for the question that it was given to. */
    void show(Optional<PlacementRisk> risk) {
        var question = risk.filter(asked -> !asked.accepted()).map(PlacementRisk::question);
        if (!question.orElse("").equals(box.getText())) {
            box.setSelection(false);
            box.setText(question.orElse(""));
        }
        risk.filter(PlacementRisk::accepted)
                .ifPresent(accepted -> before.setText(
                        accepted.acceptedWords(ZoneId.systemDefault()).replace("&", "&&")));
        stack.topControl = question.isPresent() ? box : risk.isPresent() ? before : nothing;
        page.layout();
    }

    boolean given() {
        return box.getSelection();
    }
}
