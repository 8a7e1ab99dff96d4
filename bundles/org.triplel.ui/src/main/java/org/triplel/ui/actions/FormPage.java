package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.jface.wizard.WizardPage;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;

/** A page of a wizard. What is wrong is said at its head, as is what to do. */
abstract class FormPage extends WizardPage {

    static final int WIDTH = 460;

    private final String prompt;

    /** @param prompt what to do on the page */
    FormPage(String name, String title, String prompt) {
        super(name, title, null);
        this.prompt = prompt;
        setDescription(prompt);
        setPageComplete(false);
    }

    /** Looks at what is filled in. */
    abstract void look();

    /** Puts the focus where one begins. */
    abstract void focus();

    /**
     * Says how the page is.
     *
     * @param problems of which the first is shown
     * @param hint shown instead of the prompt, if there is no problem
     * @param hintType one of {@link IMessageProvider}'s
     * @param complete whether one can go on
     */
    final void say(List<Optional<String>> problems, Optional<String> hint, int hintType, boolean complete) {
        var problem = problems.stream().flatMap(Optional::stream).findFirst();
        if (!problem.equals(Optional.ofNullable(getErrorMessage()))) {
            setErrorMessage(problem.orElse(null));
        }
        if (!hint.orElse(prompt).equals(getMessage())) {
            setMessage(hint.orElse(prompt), hint.isPresent() ? hintType : IMessageProvider.NONE);
        }
        if (complete != isPageComplete()) {
            setPageComplete(complete);
        }
    }

    @Override
    public void setVisible(boolean visible) {
        if (visible) {
            look();
        }
        super.setVisible(visible);
        if (visible) {
            focus();
        }
    }

    /** The page's two columns. */
    static Composite columns(Composite parent) {
        var columns = new Composite(parent, SWT.NONE);
        GridLayoutFactory.swtDefaults()
                .numColumns(2)
                .margins(12, 12)
                .spacing(16, 6)
                .applyTo(columns);
        return columns;
    }

    /** A control with its label before it. */
    static <T extends Control> T labelled(Composite columns, String label, Function<Composite, T> control) {
        new Label(columns, SWT.NONE).setText(label);
        var created = control.apply(columns);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(created);
        return created;
    }

    /** What is said of the control above it. */
    static Label remark(Composite columns) {
        new Label(columns, SWT.NONE);
        var remark = new Label(columns, SWT.WRAP);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .hint(WIDTH, SWT.DEFAULT)
                .applyTo(remark);
        return remark;
    }

    /** Changes the words without moving anything if they stay the same. */
    static void say(Label label, String words) {
        var text = words.replace("&", "&&");
        if (!text.equals(label.getText())) {
            label.setText(text);
            label.requestLayout();
        }
    }
}
