package org.triplel.ui;

import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.jface.resource.LocalResourceManager;
import org.eclipse.swt.SWT;
import org.eclipse.swt.layout.GridLayout;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;

/** What one sees in this window, in five lines. */
public final class WelcomeView extends FleetViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.welcome";

    private Button storm;
    private Label hint;

    @Override
    protected Control createContent(Composite parent) {
        var resources = new LocalResourceManager(JFaceResources.getResources(), parent);
        var page = new Composite(parent, SWT.NONE);
        var layout = new GridLayout(2, false);
        layout.marginWidth = 20;
        layout.marginHeight = 14;
        layout.horizontalSpacing = 10;
        layout.verticalSpacing = 8;
        page.setLayout(layout);
        var title = new Label(page, SWT.NONE);
        title.setText(Messages.Welcome_Title);
        title.setFont(JFaceResources.getHeaderFont());
        GridDataFactory.fillDefaults().span(2, 1).applyTo(title);
        line(page, resources, "fleet", Messages.Welcome_Fleet);
        line(page, resources, "vms", Messages.Welcome_Vms);
        line(page, resources, "traffic", Messages.Welcome_Traffic);
        line(page, resources, "replicas", Messages.Welcome_Replicas);
        line(page, resources, "storm", Messages.Welcome_Storm);
        new Label(page, SWT.NONE);
        storm = new Button(page, SWT.PUSH);
        storm.setText(Messages.Welcome_BootStorm);
        storm.addListener(SWT.Selection, event -> run(Commands.BOOT_STORM));
        new Label(page, SWT.NONE);
        hint = new Label(page, SWT.WRAP);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(hint);
        return page;
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        var vms = snapshot.inventory().vms().count();
        storm.setEnabled(vms > 0);
        var words = vms > 0 ? "" : Messages.Welcome_NoVms;
        if (!words.equals(hint.getText())) {
            hint.setText(words);
            hint.requestLayout();
        }
        return "";
    }

    private static void line(Composite page, LocalResourceManager resources, String icon, String text) {
        var image = new Label(page, SWT.NONE);
        image.setImage(resources.create(Icon.descriptor(icon)));
        var label = new Label(page, SWT.WRAP);
        label.setText(text);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(label);
    }

    @Override
    protected void focusContent() {
        storm.setFocus();
    }
}
