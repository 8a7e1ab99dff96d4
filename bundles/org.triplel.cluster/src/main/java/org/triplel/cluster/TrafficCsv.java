package org.triplel.cluster;

import java.io.IOException;
import java.time.Instant;
import java.util.Map;

/** Traffic as comma-separated values (RFC 4180), a line per second and series, for spreadsheets. */
public final class TrafficCsv {

    private static final String LINE_END = "\r\n";
    private static final String HEADER = "time,class,direction,side,requests,bytes" + LINE_END;

    private final Buckets buckets;

    public TrafficCsv(Buckets buckets) {
        this.buckets = buckets;
    }

    /** Writes a header and one line for each bucket and series; times are UTC. */
    public void write(Appendable out) throws IOException {
        out.append(HEADER);
        for (var bucket = 0; bucket < buckets.count(); bucket++) {
            var time = Instant.ofEpochSecond(buckets.startSecond() + (long) bucket * buckets.secondsPerBucket());
            for (var entry : buckets.amounts().entrySet()) {
                out.append(line(time, Map.entry(entry.getKey(), entry.getValue().get(bucket))));
            }
        }
    }

    private static String line(Instant time, Map.Entry<Series, Amount> entry) {
        var series = entry.getKey();
        var amount = entry.getValue();
        return String.join(
                        ",",
                        time.toString(),
                        series.requestClass().name(),
                        series.direction().name(),
                        series.side().name(),
                        Long.toString(amount.requests()),
                        Long.toString(amount.bytes()))
                + LINE_END;
    }
}
