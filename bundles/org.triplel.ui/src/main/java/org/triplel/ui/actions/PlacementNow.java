package org.triplel.ui.actions;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Vm;

/**
 * Where VMs have a part of their disks.
 *
 * @param <T> a place
 * @param places that of each VM; none of VMs that do not exist yet
 * @param words a place in words
 */
record PlacementNow<T>(List<T> places, Function<T, String> words) {

    /** More than so many different places are not told one by one. */
    private static final int TOLD = 3;

    static <T> PlacementNow<T> of(List<Vm> vms, Function<Placement, T> place, Function<T, String> words) {
        return new PlacementNow<>(
                vms.stream().map(vm -> place.apply(vm.placement())).toList(), words);
    }

    /** Where all have it, if that is one place. */
    Optional<T> common() {
        return places.stream().distinct().count() == 1 ? Optional.of(places.getFirst()) : Optional.empty();
    }

    /** Says that the VMs differ, if they do. */
    Optional<String> difference() {
        if (places.isEmpty() || common().isPresent()) {
            return Optional.empty();
        }
        var counts = places.stream()
                .collect(Collectors.groupingBy(Function.identity(), LinkedHashMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .toList();
        var told = counts.stream()
                .limit(TOLD)
                .map(count -> NLS.bind(Messages.Placement_Count, count.getValue(), words.apply(count.getKey())));
        var others = counts.stream().skip(TOLD).mapToLong(Map.Entry::getValue).sum();
        var all = others == 0 ? told : Stream.concat(told, Stream.of(NLS.bind(Messages.Placement_CountOther, others)));
        return Optional.of(NLS.bind(Messages.Placement_Mixed, all.collect(Collectors.joining(", "))));
    }
}
