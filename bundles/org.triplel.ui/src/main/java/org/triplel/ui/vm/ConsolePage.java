package org.triplel.ui.vm;

import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.SWT;
import org.eclipse.swt.layout.GridData;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Text;
import org.triplel.agent.api.ConsoleInput;
import org.triplel.agent.api.ConsoleOutput;
import org.triplel.agent.api.ConsoleRequest;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.FleetWatch;

/** The guest's serial console: what it prints, and a line to type into it. */
final class ConsolePage extends Composite {

    private final FleetWatch watch;
    private final Text output;
    private final Text input;
    private final Label remark;
    private final ConsoleText text = new ConsoleText();
    private final Display display;
    private String host = "";
    private String vm = "";
    private long offset;
    private boolean asking;

    ConsolePage(Composite parent, FleetWatch watch) {
        super(parent, SWT.NONE);
        this.watch = watch;
        this.display = getDisplay();
        setLayout(new GridLayout(2, false));
        output = new Text(this, SWT.MULTI | SWT.READ_ONLY | SWT.V_SCROLL | SWT.H_SCROLL | SWT.BORDER);
        output.setFont(JFaceResources.getTextFont());
        var size = new GridData(SWT.FILL, SWT.FILL, true, true, 2, 1);
        size.heightHint = 60;
        output.setLayoutData(size);
        input = new Text(this, SWT.SINGLE | SWT.BORDER);
        input.setFont(JFaceResources.getTextFont());
        input.setMessage(Messages.Console_Type);
        input.setLayoutData(new GridData(SWT.FILL, SWT.CENTER, true, false));
        input.addListener(SWT.DefaultSelection, event -> type());
        AccessibleName.set(output, Messages.Vm_Console);
        AccessibleName.set(input, Messages.Console_Type);
        remark = new Label(this, SWT.NONE);
        var remarkSize = new GridData(SWT.FILL, SWT.CENTER, false, false);
        remarkSize.widthHint = 260;
        remark.setLayoutData(remarkSize);
        remark("");
    }

    /** An empty one leaves its place to the input. */
    private void remark(String words) {
        remark.setText(words);
        remark.setToolTipText(words);
        remark.setVisible(!words.isEmpty());
        ((GridData) remark.getLayoutData()).exclude = words.isEmpty();
        layout();
    }

    /** Asks for new output, unless an answer is still to come. */
    void refresh(Vm now) {
        host = now.host();
        vm = now.name();
        var running = now.state() != VmState.STOPPED && now.state() != VmState.CRASHED;
        if (input.getEnabled() != running) {
            input.setEnabled(running);
            remark(running ? "" : Messages.Console_NotRunning);
        }
        if (asking) {
            return;
        }
        asking = true;
        var request = new ConsoleRequest(vm, offset);
        watch.fleet().call(host, agent -> agent.console(request)).whenComplete((answer, failure) -> {
            if (!display.isDisposed()) {
                display.asyncExec(() -> take(answer, failure));
            }
        });
    }

    private void take(ConsoleOutput answer, Throwable failure) {
        asking = false;
        if (isDisposed()) {
            return;
        }
        if (failure != null) {
            remark(failure.getMessage());
            return;
        }
        if (answer.offset() != offset) {
            text.clear();
        }
        offset = answer.nextOffset();
        if (!answer.text().isEmpty() || answer.offset() == 0 && output.getCharCount() > 0 && offset == 0) {
            text.append(answer.text());
            var reading = reading();
            var top = output.getTopIndex();
            output.setText(text.toString());
            if (reading) {
                output.setTopIndex(top);
            } else {
                output.setSelection(output.getCharCount());
                output.showSelection();
            }
        }
    }

    /** Whether the user has scrolled back, which new output must not disturb. */
    private boolean reading() {
        var bar = output.getVerticalBar();
        return bar.getSelection() + bar.getThumb() < bar.getMaximum() - output.getLineHeight();
    }

    private void type() {
        var line = input.getText();
        input.setText("");
        var typed = new ConsoleInput(vm, line + "\r");
        watch.fleet().call(host, agent -> agent.type(typed)).whenComplete((done, failure) -> {
            if (failure != null && !display.isDisposed()) {
                display.asyncExec(() -> refused(line, failure));
            }
        });
    }

    private void refused(String line, Throwable failure) {
        if (!isDisposed()) {
            input.setText(line);
            remark(NLS.bind(Messages.Console_NotTyped, failure.getMessage()));
        }
    }

    @Override
    public boolean setFocus() {
        return input.setFocus();
    }
}
