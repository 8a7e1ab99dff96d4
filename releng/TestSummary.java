import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/** Adds up the Surefire reports below a folder: lists what failed or was skipped, and why, then counts. */
final class TestSummary {

    private int passed;
    private int failed;
    private int skipped;

    public static void main(String[] args) throws Exception {
        var summary = new TestSummary();
        for (Path report : reports(Path.of(args[0]))) {
            summary.add(report);
        }
        System.out.printf(
                "%d passed, %d failed, %d skipped%n", summary.passed, summary.failed, summary.skipped);
        System.exit(summary.failed > 0 || summary.passed == 0 ? 1 : 0);
    }

    private static List<Path> reports(Path root) throws IOException {
        try (var files = Files.walk(root)) {
            return files.filter(file -> file.toString().contains("/surefire-reports/"))
                    .filter(file -> file.getFileName().toString().matches("TEST-.*\\.xml"))
                    .sorted()
                    .toList();
        }
    }

    private void add(Path report) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        var cases = factory.newDocumentBuilder().parse(report.toFile()).getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
            var test = (Element) cases.item(i);
            var name = test.getAttribute("classname") + "." + test.getAttribute("name");
            if (has(test, "failure") || has(test, "error")) {
                failed++;
                System.out.println("FAILED  " + name + why(test));
            } else if (has(test, "skipped")) {
                skipped++;
                var reason = ((Element) test.getElementsByTagName("skipped").item(0)).getAttribute("message");
                System.out.println("skipped " + name + ": " + (reason.isEmpty() ? "no reason given" : reason));
            } else {
                passed++;
            }
        }
    }

    /** Where only the end of a log is kept, this is what tells why it failed. */
    private static String why(Element test) {
        var failure = (Element) test.getElementsByTagName(has(test, "failure") ? "failure" : "error").item(0);
        var line = Pattern.compile("\\(" + simpleName(test.getAttribute("classname")) + "\\.java:\\d+\\)")
                .matcher(failure.getTextContent());
        return ": " + failure.getAttribute("message").strip().lines().findFirst().orElse(failure.getAttribute("type"))
                + (line.find() ? " " + line.group() : "");
    }

    private static String simpleName(String className) {
        return className.substring(className.lastIndexOf('.') + 1).replaceAll("\\$.*", "");
    }

    private static boolean has(Element test, String child) {
        return test.getElementsByTagName(child).getLength() > 0;
    }
}
