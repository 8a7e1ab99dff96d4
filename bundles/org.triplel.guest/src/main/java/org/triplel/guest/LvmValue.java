package org.triplel.guest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** A value in the metadata of LVM2. */
sealed interface LvmValue {

    record Number(long value) implements LvmValue {}

    record Text(String value) implements LvmValue {}

    record Items(List<LvmValue> values) implements LvmValue {}

    /** Named values, in their order. */
    record Section(SequencedMap<String, LvmValue> entries) implements LvmValue {

        long number(String name) throws MalformedException {
            if (entries.get(name) instanceof Number number) {
                return number.value;
            }
            throw new MalformedException("the metadata have no number " + name);
        }

        String text(String name) throws MalformedException {
            if (entries.get(name) instanceof Text text) {
                return text.value;
            }
            throw new MalformedException("the metadata have no text " + name);
        }

        List<LvmValue> items(String name) throws MalformedException {
            if (entries.get(name) instanceof Items items) {
                return items.values;
            }
            throw new MalformedException("the metadata have no list " + name);
        }

        Section section(String name) throws MalformedException {
            if (entries.get(name) instanceof Section section) {
                return section;
            }
            throw new MalformedException("the metadata have no section " + name);
        }

        /** The sections in it, in their order. */
        List<Map.Entry<String, Section>> sections() {
            var result = new ArrayList<Map.Entry<String, Section>>();
            entries.forEach((name, value) -> {
                if (value instanceof Section section) {
                    result.add(Map.entry(name, section));
                }
            });
            return result;
        }

        boolean has(String name) {
            return entries.containsKey(name);
        }
    }
}
