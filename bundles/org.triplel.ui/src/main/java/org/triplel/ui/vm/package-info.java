/** One VM in detail. */
package org.triplel.ui.vm;
