/** x. */
package org.triplel.cluster;
