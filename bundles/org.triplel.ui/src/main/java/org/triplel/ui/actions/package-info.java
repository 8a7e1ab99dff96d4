/** What users can do: commands, jobs and dialogs. */
package org.triplel.ui.actions;
