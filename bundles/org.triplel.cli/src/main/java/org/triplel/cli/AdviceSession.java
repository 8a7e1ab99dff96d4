package org.triplel.cli;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.VmWatch;

/** Has virtual machines watched for the time of one command. */
record AdviceSession(FleetSession fleet) {

    private static final long LOOK_MILLIS = 1000;

    /** Returns what was seen when all watches are over. */
    List<Advice> watch(List<String> names, int minutes) throws NotDone, InterruptedException {
        fleet.askEach(names, (agent, name) -> agent.watchVm(new VmWatch(name, minutes)));
        while (true) {
            var result = seen(names, false);
            if (result.stream().noneMatch(Advice::running)) {
                return result;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    /** Returns what has been seen up to now. */
    List<Advice> seen(List<String> names, boolean end) throws NotDone, InterruptedException {
        return fleet.askEach(names, end ? AgentService::endWatch : AgentService::advice);
    }
}
