package org.triplel.ui.actions;

/** A page of the wizard that recovers a VM. */
abstract class RecoverPage extends FormPage {

    static final int WIDTH = 600;

    /** @param prompt what to do on the page */
    RecoverPage(String name, String title, String prompt) {
        super(name, title, prompt);
    }

    final RecoverWizard recovery() {
        return (RecoverWizard) getWizard();
    }
}
