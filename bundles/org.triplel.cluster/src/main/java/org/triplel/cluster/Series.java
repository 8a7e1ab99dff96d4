package org.triplel.cluster;

import java.util.List;
import java.util.stream.Stream;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.TrafficCounter;

/** Which requests are counted together. */
public record Series(RequestClass requestClass, Direction direction, Side side) {

    /** All there are, in the order of their enumerations. */
    public static final List<Series> ALL = Stream.of(RequestClass.values())
            .flatMap(requestClass -> Stream.of(Direction.values()).flatMap(direction -> Stream.of(Side.values())
                    .map(side -> new Series(requestClass, direction, side))))
            .toList();

    static Series of(TrafficCounter counter) {
        return new Series(counter.requestClass(), counter.direction(), counter.side());
    }

    int index() {
        return (requestClass.ordinal() * Direction.values().length + direction.ordinal()) * Side.values().length
                + side.ordinal();
    }
}
