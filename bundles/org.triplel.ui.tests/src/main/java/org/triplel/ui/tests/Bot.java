package org.triplel.ui.tests;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Menu;
import org.eclipse.swt.widgets.MenuItem;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Widget;
import org.eclipse.ui.IViewPart;
import org.eclipse.ui.IWorkbenchPage;
import org.eclipse.ui.IWorkbenchWindow;
import org.eclipse.ui.PartInitException;
import org.eclipse.ui.PlatformUI;

/** A user of the window, on the test's own thread. */
final class Bot {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long LOOK_EVERY_NANOS = 20_000_000;

    private final Display display = PlatformUI.getWorkbench().getDisplay();

    /** Runs something on the UI thread. What it throws, this throws. */
    <T> T ui(Supplier<T> action) {
        var result = new FutureTask<>(action::get);
        display.syncExec(result);
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    void run(Runnable action) {
        ui(() -> {
            action.run();
            return true;
        });
    }

    /** Waits until there is something. */
    <T> T await(String what, Supplier<Optional<T>> look) {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            var found = ui(() -> lookFor(look));
            if (found.isPresent()) {
                return found.get();
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + LIMIT.toSeconds() + " s: " + what);
            }
            LockSupport.parkNanos(LOOK_EVERY_NANOS);
        }
    }

    /** What is looked at may not be there yet. */
    private static <T> Optional<T> lookFor(Supplier<Optional<T>> look) {
        try {
            return look.get();
        } catch (NoSuchElementException e) {
            return Optional.empty();
        }
    }

    void awaitThat(String what, Supplier<Boolean> condition) {
        await(what, () -> condition.get() ? Optional.of(true) : Optional.empty());
    }

    IWorkbenchWindow window() {
        return PlatformUI.getWorkbench().getWorkbenchWindows()[0];
    }

    IViewPart view(String id) {
        return view(id, null);
    }

    IViewPart view(String id, String secondaryId) {
        return ui(() -> {
            try {
                return window().getActivePage().showView(id, secondaryId, IWorkbenchPage.VIEW_ACTIVATE);
            } catch (PartInitException e) {
                throw new AssertionError(id, e);
            }
        });
    }

    /** The first visible control of a type in the window or a dialog. */
    <T extends Control> T find(Class<T> type, Predicate<T> which) {
        return await(
                type.getSimpleName(), () -> visible(type).stream().filter(which).findFirst());
    }

    /** Must be called on the UI thread. */
    <T extends Control> List<T> visible(Class<T> type) {
        var found = new ArrayList<T>();
        for (var shell : display.getShells()) {
            collect(shell, type, found);
        }
        return found;
    }

    private static <T extends Control> void collect(Control control, Class<T> type, List<T> found) {
        if (!control.isVisible()) {
            return;
        }
        if (type.isInstance(control)) {
            found.add(type.cast(control));
        }
        if (control instanceof Composite composite) {
            for (var child : composite.getChildren()) {
                collect(child, type, found);
            }
        }
    }

    Shell shell(String title) {
        return find(Shell.class, shell -> shell.getText().equals(title));
    }

    /** Closes what a test has left open: a modal dialog would keep all later tests from the window. */
    void closeDialogs() {
        awaitThat("all dialogs are closed", () -> {
            var dialogs = Arrays.stream(display.getShells())
                    .filter(shell -> shell != window().getShell() && shell.isVisible())
                    .toList();
            dialogs.forEach(Shell::close);
            return dialogs.isEmpty();
        });
    }

    /** Presses a button without waiting for what it does, as that may open a modal dialog. */
    void press(String text) {
        var button = find(Button.class, candidate -> plain(candidate.getText()).equals(text));
        select(button);
    }

    /** Chooses one of several radio buttons. */
    void choose(Button radio) {
        run(() -> {
            for (var sibling : radio.getParent().getChildren()) {
                if (sibling instanceof Button button && (button.getStyle() & SWT.RADIO) != 0) {
                    button.setSelection(button == radio);
                }
            }
        });
        select(radio);
    }

    private void select(Widget widget) {
        display.asyncExec(() -> {
            var event = new Event();
            event.widget = widget;
            event.display = display;
            widget.notifyListeners(SWT.Selection, event);
        });
    }

    /** Chooses an entry of the menu bar that is enabled. */
    void menu(String... path) {
        select(await(String.join(" > ", path), () -> item(path).filter(MenuItem::isEnabled)));
    }

    /** Chooses an entry of a control's context menu that is enabled. */
    void contextMenu(Control control, String entry) {
        select(await(entry, () -> item(control, entry).filter(MenuItem::isEnabled)));
    }

    /** An entry of a control's context menu. Must be called on the UI thread. */
    static Optional<MenuItem> item(Control control, String entry) {
        control.getMenu().notifyListeners(SWT.Show, new Event());
        return item(control.getMenu(), entry);
    }

    /** An entry of the menu bar. Must be called on the UI thread. */
    Optional<MenuItem> item(String... path) {
        var menu = window().getShell().getMenuBar();
        var found = Optional.<MenuItem>empty();
        for (var name : path) {
            if (menu == null) {
                return Optional.empty();
            }
            menu.notifyListeners(SWT.Show, new Event());
            found = item(menu, name);
            menu = found.map(MenuItem::getMenu).orElse(null);
        }
        return found;
    }

    private static Optional<MenuItem> item(Menu menu, String name) {
        return Arrays.stream(menu.getItems())
                .filter(item -> plain(item.getText()).equals(name))
                .findFirst();
    }

    private static String plain(String text) {
        return text.replace("&", "").split("\t")[0];
    }

    /** Types a letter or a function key into the window, as a keyboard would. */
    void key(int keyCode, int... modifiers) {
        key(ui(() -> window().getShell()), keyCode, modifiers);
    }

    /** Types text in small letters to what has the focus in a dialog. */
    void type(Shell dialog, String text) {
        text.chars().forEach(letter -> key(dialog, letter));
    }

    /** Types a letter or a function key to what has the focus in a dialog. */
    void key(Shell shell, int keyCode, int... modifiers) {
        run(() -> {
            shell.forceActive();
            for (var modifier : modifiers) {
                post(SWT.KeyDown, modifier);
            }
            post(SWT.KeyDown, keyCode);
            post(SWT.KeyUp, keyCode);
            for (var modifier : modifiers) {
                post(SWT.KeyUp, modifier);
            }
        });
    }

    /** As if a key came to a widget, for one that the display cannot be made to type: Enter with a modifier. */
    void stroke(Widget widget, int keyCode, int modifier) {
        display.asyncExec(
                () -> { // it may open a dialog
                    var event = new Event();
                    event.keyCode = keyCode;
                    event.character = (char) keyCode;
                    event.stateMask = modifier;
                    widget.notifyListeners(SWT.KeyDown, event);
                });
    }

    private void post(int type, int keyCode) {
        var event = new Event();
        event.type = type;
        if (keyCode <= Character.MAX_VALUE) {
            event.character = (char) keyCode;
        } else {
            event.keyCode = keyCode;
        }
        if (!display.post(event)) {
            throw new AssertionError("the display takes no key events");
        }
    }
}
