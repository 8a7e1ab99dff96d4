/** x. */
package org.triplel.hypervisor;
