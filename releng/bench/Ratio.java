import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Pairs of measurements from the same rounds, as ours over theirs: the median, and a 95 % bootstrap interval of it. */
record Ratio(double median, double low, double high) {

    private static final int RESAMPLES = 10_000;

    static Ratio of(List<Double> pairs) {
        var random = new Random(1);
        var medians = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            medians[i] = median(random.ints(pairs.size(), 0, pairs.size()).mapToDouble(pairs::get).toArray());
        }
        Arrays.sort(medians);
        var all = pairs.stream().mapToDouble(Double::doubleValue).toArray();
        return new Ratio(median(all), medians[RESAMPLES / 40], medians[RESAMPLES - 1 - RESAMPLES / 40]);
    }

    static double median(double[] values) {
        Arrays.sort(values);
        int half = values.length / 2;
        return values.length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }

    boolean reaches(double goal) {
        return high >= goal && median > 0.95 * goal;
    }
}
