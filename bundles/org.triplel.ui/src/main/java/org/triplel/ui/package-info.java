/** The workbench: views, editors, dialogs and commands that show a fleet and act on it. */
package org.triplel.ui;
