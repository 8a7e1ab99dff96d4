/** x. */
package org.triplel.lab;
