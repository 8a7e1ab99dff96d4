package org.triplel.ui.actions;

/** A page of the New VM wizard. */
abstract class NewVmPage extends FormPage {

    /** @param prompt what to do on the page */
    NewVmPage(String name, String title, String prompt) {
        super(name, title, prompt);
    }

    final NewVmWizard vmWizard() {
        return (NewVmWizard) getWizard();
    }
}
