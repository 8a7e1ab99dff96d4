package org.triplel.router;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Has the router log nothing while the tests of a class run that give it much to complain about. */
public final class QuietRouter implements BeforeAllCallback, AfterAllCallback {

    private static final Logger LOG = Logger.getLogger("org.triplel.router"); // held, or its level may be forgotten

    @Override
    public void beforeAll(ExtensionContext context) {
        change(context, 1);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        change(context, -1);
    }

    /** Several such classes may run at the same time. */
    private static void change(ExtensionContext context, int by) {
        var classes = context.getRoot()
                .getStore(ExtensionContext.Namespace.create(QuietRouter.class))
                .getOrComputeIfAbsent("classes", _ -> new AtomicInteger(), AtomicInteger.class);
        synchronized (classes) {
            LOG.setLevel(classes.addAndGet(by) == 0 ? null : Level.OFF);
        }
    }
}
