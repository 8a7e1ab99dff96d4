package org.triplel.router;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Says of many cuts whether a disk survives them, several at once. */
final class Judges {

    private static final int AT_ONCE = Runtime.getRuntime().availableProcessors();

    interface Judge<T> {

        /**
         * @param name of no other cut
         * @throws AssertionError the disk is damaged
         */
        void judge(T cut, String name) throws Exception;
    }

    private Judges() {}

    /** Returns how many cuts the disk has survived: all of them. */
    static <T> int survivesAll(List<T> cuts, Judge<T> judge) throws Exception {
        try (var pool = Executors.newFixedThreadPool(AT_ONCE)) {
            var verdicts = new ArrayList<Future<Boolean>>();
            for (var cut : cuts) {
                var name = "cut-" + verdicts.size();
                verdicts.add(pool.submit(() -> {
                    judge.judge(cut, name);
                    return true;
                }));
            }
            for (var verdict : verdicts) {
                try {
                    verdict.get();
                } catch (ExecutionException failure) {
                    pool.shutdownNow();
                    throw new AssertionError(failure.getCause().getMessage(), failure.getCause());
                }
            }
            return verdicts.size();
        }
    }
}
