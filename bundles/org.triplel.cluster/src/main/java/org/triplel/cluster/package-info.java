/** The desktop's world: connections to agents, what is known of hosts and VMs, and their traffic of the last hour. */
package org.triplel.cluster;
