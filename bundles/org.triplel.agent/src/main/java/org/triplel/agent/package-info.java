/** The agent: the process on each host that attaches disks to the router and runs the guests, behind {@code org.triplel.agent.api}. */
package org.triplel.agent;
