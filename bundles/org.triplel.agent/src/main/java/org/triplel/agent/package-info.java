/** x. */
package org.triplel.agent;
