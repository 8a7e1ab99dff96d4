package org.triplel.app;

import org.eclipse.swt.graphics.Point;
import org.eclipse.ui.application.IWorkbenchWindowConfigurer;
import org.eclipse.ui.application.WorkbenchWindowAdvisor;

final class AdministratorWindow extends WorkbenchWindowAdvisor {

    AdministratorWindow(IWorkbenchWindowConfigurer configurer) {
        super(configurer);
    }

    @Override
    public void preWindowOpen() {
        var configurer = getWindowConfigurer();
        configurer.setInitialSize(new Point(1280, 800));
        configurer.setShowCoolBar(true);
        configurer.setShowStatusLine(true);
        configurer.setShowProgressIndicator(true);
        configurer.setTitle("Triple-L Administrator");
    }

    @Override
    public void postWindowOpen() {
        getWindowConfigurer().getWindow().getShell().setMinimumSize(960, 600);
    }
}
