package org.triplel.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The arrows of docs/architecture.md. A bundle that is missing here has no place in the picture yet. */
class ArchitectureTest {

    private static final Path BUNDLES = Path.of("..");

    /** Each bundle, and the bundles of ours that it may use. */
    private static final Map<String, List<String>> USES = Map.ofEntries(
            Map.entry("block", List.of()),
            Map.entry("guest", List.of("block")),
            Map.entry("replica", List.of("block")),
            Map.entry("router", List.of("block", "guest")),
            Map.entry("recovery", List.of("block", "guest", "router")),
            Map.entry("appliance", List.of()),
            Map.entry("hypervisor", List.of()),
            Map.entry("agent.api", List.of()),
            Map.entry("agent.simulated", List.of("agent.api")),
            Map.entry(
                    "agent",
                    List.of("agent.api", "appliance", "block", "guest", "hypervisor", "recovery", "replica", "router")),
            Map.entry("cluster", List.of("agent.api")),
            Map.entry("lab", List.of("agent.api", "block", "cluster", "replica")),
            Map.entry("cli", List.of("agent", "agent.api", "block", "cluster", "guest", "lab", "recovery", "router")),
            Map.entry("ui.charts", List.of()),
            Map.entry("ui", List.of("agent.api", "cluster", "ui.charts")),
            Map.entry("app", List.of("agent.api", "cluster", "lab", "ui", "ui.charts")));

    private static JavaClasses classes;

    @BeforeAll
    static void importClasses() throws IOException {
        try (var bundles = Files.list(BUNDLES)) {
            classes = new ClassFileImporter()
                    .importPaths(bundles.filter(bundle -> !bundle.toString().endsWith(".tests"))
                            .map(bundle -> bundle.resolve("target/classes"))
                            .filter(Files::isDirectory)
                            .toList());
        }
    }

    @Test
    void everyBundleHasItsPlaceInThePicture() throws IOException {
        try (var bundles = Files.list(BUNDLES)) {
            var present = bundles.filter(bundle -> Files.exists(bundle.resolve("META-INF/MANIFEST.MF")))
                    .map(bundle -> bundle.getFileName().toString())
                    .filter(name -> name.startsWith("org.triplel.") && !name.endsWith(".tests"))
                    .map(name -> name.substring("org.triplel.".length()))
                    .toList();
            assertEquals(new TreeSet<>(USES.keySet()), new TreeSet<>(present));
        }
    }

    @TestFactory
    Stream<DynamicTest> aBundleUsesOnlyWhatThePictureShows() {
        return USES.keySet().stream()
                .sorted()
                .map(bundle -> DynamicTest.dynamicTest(bundle, () -> noClasses()
                        .that()
                        .resideInAnyPackage(packages(bundle))
                        .should()
                        .dependOnClassesThat(resideInAPackage("org.triplel..")
                                .and(not(resideInAnyPackage(packages(bundle))))
                                .and(not(resideInAnyPackage(USES.get(bundle).stream()
                                        .flatMap(used -> Arrays.stream(packages(used)))
                                        .toArray(String[]::new)))))
                        .check(classes)));
    }

    @Test
    void belowTheWindowNothingKnowsEclipse() {
        noClasses()
                .that()
                .resideOutsideOfPackages("org.triplel.ui..", "org.triplel.app..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.eclipse.swt..",
                        "org.eclipse.jface..",
                        "org.eclipse.ui..",
                        "org.eclipse.core..",
                        "org.eclipse.e4..",
                        "org.osgi..")
                .check(classes);
    }

    @Test
    void onlyTheHypervisorBundleKnowsLibvirt() {
        classes()
                .that(resideInAPackage("org.triplel..").and(not(resideInAPackage("org.triplel.hypervisor.."))))
                .should()
                .onlyDependOnClassesThat(not(resideInAPackage("org.libvirt..")))
                .check(classes);
    }

    @Test
    void noStateIsStatic() {
        fields().that()
                .areStatic()
                .and()
                .areDeclaredInClassesThat(not(com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo(
                        "org.eclipse.osgi.util.NLS")))
                .and()
                .doNotHaveModifier(JavaModifier.SYNTHETIC)
                .should()
                .beFinal()
                .check(classes);
    }

    /** The packages that a bundle has sources in. */
    private static String[] packages(String bundle) {
        var sources = BUNDLES.resolve("org.triplel." + bundle + "/src/main/java");
        try (var files = Files.walk(sources)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(file -> sources.relativize(file.getParent()).toString().replace('/', '.'))
                    .distinct()
                    .toArray(String[]::new);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
