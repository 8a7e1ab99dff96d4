package org.triplel.cli;

import java.io.PrintWriter;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A record as lines "name: value", several as a table. */
record TextOutput(PrintWriter to) implements Output {

    private static final String GAP = "  ";

    @Override
    public void one(Record result) {
        var components = result.getClass().getRecordComponents();
        int width = Arrays.stream(components)
                .mapToInt(component -> component.getName().length())
                .max()
                .orElse(0);
        for (var component : components) {
            to.println(pad(component.getName() + ":", width + 1) + " " + text(component, result));
        }
    }

    @Override
    public <T extends Record> void many(Class<T> type, List<T> results) {
        var components = List.of(type.getRecordComponents());
        var rows = new ArrayList<List<String>>();
        rows.add(components.stream().map(RecordComponent::getName).toList());
        for (var result : results) {
            rows.add(components.stream().map(each -> text(each, result)).toList());
        }
        var widths = new int[components.size()];
        for (var row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (var row : rows) {
            var line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(pad(row.get(i), widths[i])).append(GAP);
            }
            to.println(line.toString().stripTrailing());
        }
    }

    private static String text(RecordComponent component, Record of) {
        try {
            var accessor = component.getAccessor();
            accessor.setAccessible(true);
            return text(accessor.invoke(of));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component.toString(), e);
        }
    }

    private static String text(Object value) {
        return value instanceof List<?> list
                ? list.stream().map(TextOutput::text).collect(Collectors.joining(", "))
                : value.toString();
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
