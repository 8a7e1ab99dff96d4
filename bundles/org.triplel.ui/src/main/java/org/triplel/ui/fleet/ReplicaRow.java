package org.triplel.ui.fleet;

import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Replica;
import org.triplel.ui.charts.Units;

/**
 * A replica in the table.
 *
 * @param reachable whether its host answers
 */
record ReplicaRow(Replica replica, boolean reachable) {

    double share() {
        return replica.chunks() == 0 ? 1 : (double) replica.verifiedChunks() / replica.chunks();
    }

    String state() {
        if (!reachable) {
            return Messages.Replicas_Unknown;
        }
        if (replica.filling()) {
            return NLS.bind(Messages.Replicas_Filling, Units.percent(share()));
        }
        if (replica.complete()) {
            return Messages.Replicas_Complete;
        }
        if (!replica.problem().isEmpty()) {
            return NLS.bind(Messages.Replicas_Stuck, Units.percent(share()));
        }
        return replica.verifiedChunks() == 0
                ? Messages.Replicas_Empty
                : NLS.bind(Messages.Replicas_Partial, Units.percent(share()));
    }
}
