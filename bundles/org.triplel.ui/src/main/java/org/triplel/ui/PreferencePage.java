package org.triplel.ui;

import org.eclipse.jface.preference.BooleanFieldEditor;
import org.eclipse.jface.preference.ComboFieldEditor;
import org.eclipse.jface.preference.FieldEditorPreferencePage;
import org.eclipse.ui.IWorkbench;
import org.eclipse.ui.IWorkbenchPreferencePage;

/** What the user can set. */
public final class PreferencePage extends FieldEditorPreferencePage implements IWorkbenchPreferencePage {

    /** The page's id. */
    public static final String ID = "org.triplel.ui.preferences";

    public PreferencePage() {
        super(GRID);
    }

    @Override
    public void init(IWorkbench workbench) {
        setPreferenceStore(new Preferences().store());
    }

    @Override
    protected void createFieldEditors() {
        var rates = new String[][] {
            {Messages.Preferences_FourTimes, "250"},
            {Messages.Preferences_Twice, "500"},
            {Messages.Preferences_Once, "1000"},
            {Messages.Preferences_EveryTwoSeconds, "2000"},
        };
        var parent = getFieldEditorParent();
        addField(new ComboFieldEditor(Preferences.REFRESH_MILLIS, Messages.Preferences_Refresh, rates, parent));
        addField(new BooleanFieldEditor(Preferences.ASK_BEFORE_KILL, Messages.Preferences_AskBeforeKill, parent));
    }
}
