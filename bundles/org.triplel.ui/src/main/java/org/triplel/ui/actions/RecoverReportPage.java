package org.triplel.ui.actions;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.jface.wizard.IWizardPage;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Text;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.ui.AccessibleName;

/** Shows what the copy is worth, and asks what is to become of it. Nobody decides by not choosing. */
final class RecoverReportPage extends RecoverPage {

    private static final int LINES = 15;

    /** What becomes of the copy. */
    enum Decision {
        USE,
        KEEP,
        DISCARD
    }

    private final List<Button> choices = new ArrayList<>();
    private Text words;

    RecoverReportPage() {
        super("report", Messages.Recover_ReportTitle, Messages.Recover_ReportPrompt);
    }

    @Override
    public void createControl(Composite parent) {
        var page = new Composite(parent, SWT.NONE);
        GridLayoutFactory.swtDefaults().margins(12, 12).applyTo(page);
        words = new Text(page, SWT.MULTI | SWT.READ_ONLY | SWT.BORDER | SWT.V_SCROLL | SWT.WRAP);
        AccessibleName.set(words, Messages.Recover_ReportTitle);
        GridDataFactory.fillDefaults()
                .grab(true, true)
                .hint(WIDTH, LINES * words.getLineHeight())
                .applyTo(words);
        var name = recovery().vm().name();
        choice(page, NLS.bind(Messages.Recover_Use, name));
        choice(page, Messages.Recover_Keep);
        choice(page, NLS.bind(Messages.Recover_Discard, name));
        setControl(page);
    }

    private void choice(Composite page, String text) {
        var radio = new Button(page, SWT.RADIO);
        radio.setText(text);
        radio.addListener(SWT.Selection, event -> {
            look();
            getContainer().updateButtons();
        });
        choices.add(radio);
    }

    Optional<Decision> decision() {
        return choices.stream()
                .filter(Button::getSelection)
                .findFirst()
                .map(radio -> Decision.values()[choices.indexOf(radio)]);
    }

    @Override
    void focus() {
        words.setFocus();
    }

    /** The copy is made, and there is nothing to go back to. */
    @Override
    public IWizardPage getPreviousPage() {
        return null;
    }

    @Override
    void look() {
        boolean ready = recovery().stage() == RecoveryStage.READY;
        var text = ready ? RecoverWords.report(recovery().status().orElseThrow().report()) : "";
        if (!text.equals(words.getText())) {
            words.setText(text);
        }
        say(
                List.of(recovery().trouble()),
                Optional.empty(),
                IMessageProvider.NONE,
                ready && decision().isPresent());
    }
}
