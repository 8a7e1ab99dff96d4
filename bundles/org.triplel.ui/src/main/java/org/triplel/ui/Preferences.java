package org.triplel.ui;

import java.time.Duration;
import org.eclipse.core.runtime.preferences.InstanceScope;
import org.eclipse.jface.preference.IPreferenceStore;
import org.eclipse.ui.preferences.ScopedPreferenceStore;

/** What the user can set on the preference page. */
public final class Preferences {

    static final String REFRESH_MILLIS = "refreshMillis";
    static final String ASK_BEFORE_KILL = "askBeforeKill";
    private static final int SHORTEST_MILLIS = 100;

    private final IPreferenceStore store = new ScopedPreferenceStore(InstanceScope.INSTANCE, "org.triplel.ui");

    public Preferences() {
        store.setDefault(REFRESH_MILLIS, 500);
        store.setDefault(ASK_BEFORE_KILL, true);
    }

    /** The shortest time between two refreshes of the views. */
    public Duration refresh() {
        return Duration.ofMillis(Math.max(SHORTEST_MILLIS, store.getInt(REFRESH_MILLIS)));
    }

    public boolean askBeforeKill() {
        return store.getBoolean(ASK_BEFORE_KILL);
    }

    public void setAskBeforeKill(boolean ask) {
        store.setValue(ASK_BEFORE_KILL, ask);
    }

    IPreferenceStore store() {
        return store;
    }
}
