/** An agent without hosts and guests behind it: the desktop's tests and demonstrations talk to it over a real socket. */
package org.triplel.agent.simulated;
