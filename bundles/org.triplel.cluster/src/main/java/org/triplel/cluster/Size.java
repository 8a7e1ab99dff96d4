package org.triplel.cluster;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The size of a disk or a memory as people write it: "4 GiB", "1.5G", "512 MiB". Multiples are of 1024, as guests are given
 * whole blocks and pages.
 *
 * @param bytes not negative
 */
public record Size(long bytes) {

    private static final String UNITS = "KMGT";
    private static final Pattern WRITTEN =
            Pattern.compile("([0-9]{1,19}(?:[.,][0-9]{1,6})?)\\s*([KMGT]?)(?:I?B)?", Pattern.CASE_INSENSITIVE);

    /** Empty if it is no size, has no unit, is not a whole number of bytes, or more than 8 EiB. */
    public static Optional<Size> parse(String text) {
        var written = WRITTEN.matcher(text.strip());
        if (!written.matches()
                || Character.isDigit(text.strip().charAt(text.strip().length() - 1))) {
            return Optional.empty();
        }
        var unit = written.group(2).toUpperCase(Locale.ROOT);
        var exponent = unit.isEmpty() ? 0 : UNITS.indexOf(unit) + 1;
        try {
            var number = new BigDecimal(written.group(1).replace(',', '.'));
            return Optional.of(
                    new Size(number.multiply(new BigDecimal(1024).pow(exponent)).longValueExact()));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    public static Size mebibytes(long number) {
        return new Size(number << 20);
    }

    /** In the largest unit of which it is a whole number, so that it means the same when it is read again: "4 GiB". */
    public String exact() {
        var number = bytes;
        var unit = 0;
        while (number > 0 && number % 1024 == 0 && unit < UNITS.length()) {
            number /= 1024;
            unit++;
        }
        return number + (unit == 0 ? " B" : " " + UNITS.charAt(unit - 1) + "iB");
    }

    /** Rounded, to be read at a glance: "7.8 GiB". */
    public String rounded() {
        var number = (double) bytes;
        var unit = 0;
        while (number >= 1023.95 && unit < UNITS.length()) {
            number /= 1024;
            unit++;
        }
        var figures = String.format(Locale.ROOT, "%.1f", number).replace(".0", "");
        return figures + (unit == 0 ? " B" : " " + UNITS.charAt(unit - 1) + "iB");
    }
}
