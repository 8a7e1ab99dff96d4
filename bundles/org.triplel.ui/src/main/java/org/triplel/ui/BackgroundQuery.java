package org.triplel.ui;

import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.swt.widgets.Control;

/**
 * Has the background look up what a control is to show: one thing at a time, and again if the control asks for something else
 * by then. Used by the UI thread.
 *
 * @param <Q> what is asked for; equal if the answer may be shown
 * @param <A> what is looked up
 */
public final class BackgroundQuery<Q, A> {

    private static final System.Logger LOG = System.getLogger(BackgroundQuery.class.getName());

    private final Control owner;
    private final Executor background;
    private final Supplier<Optional<Q>> question;
    private final Function<Q, A> lookUp;
    private final Consumer<A> show;
    private boolean underWay;

    /**
     * @param owner nothing is shown once it is disposed
     * @param question what is asked for now, if anything
     * @param lookUp on a thread of the background
     * @param show on the UI thread
     */
    public BackgroundQuery(
            Control owner,
            Executor background,
            Supplier<Optional<Q>> question,
            Function<Q, A> lookUp,
            Consumer<A> show) {
        this.owner = owner;
        this.background = background;
        this.question = question;
        this.lookUp = lookUp;
        this.show = show;
    }

    /** Shows, as soon as it is looked up, what is asked for by then. */
    public void ask() {
        if (!underWay) {
            question.get().ifPresent(this::ask);
        }
    }

    private void ask(Q asked) {
        underWay = true;
        var display = owner.getDisplay();
        background.execute(() -> {
            var answer = lookUp(asked);
            if (!display.isDisposed()) {
                display.asyncExec(() -> take(asked, answer));
            }
        });
    }

    /** Nothing if it failed: then the control asks again when it is refreshed. */
    private Optional<A> lookUp(Q asked) {
        try {
            return Optional.of(lookUp.apply(asked));
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, () -> asked + " cannot be looked up", e);
            return Optional.empty();
        }
    }

    private void take(Q asked, Optional<A> answer) {
        underWay = false;
        if (owner.isDisposed()) {
            return;
        }
        if (question.get().equals(Optional.of(asked))) {
            answer.ifPresent(show);
        } else {
            ask();
        }
    }
}
