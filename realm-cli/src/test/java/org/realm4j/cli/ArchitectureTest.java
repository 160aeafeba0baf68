package org.realm4j.cli;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The rules of docs/architecture.md that a compiler does not check. They stand in this module since
 * it sees all others.
 */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.realm4j");

  /** The packages of realm-api: each may use those before it. */
  private static final List<String> ORDER =
      List.of(
          "org.realm4j.io..",
          "org.realm4j.text..",
          "org.realm4j.corpus..",
          "org.realm4j.tensor..",
          "org.realm4j.nn..",
          "org.realm4j.train..",
          "org.realm4j.retrieval..",
          "org.realm4j.pretrain..",
          "org.realm4j.qa..",
          "org.realm4j");

  /** Neighbours in the order that nevertheless know nothing of each other. */
  private static final Map<String, String> STRANGERS =
      Map.of("org.realm4j.qa..", "org.realm4j.pretrain..");

  private static final List<String> OTHER_MODULES =
      List.of(
          "org.realm4j.reference..",
          "org.realm4j.gpu..",
          "org.realm4j.lucene..",
          "org.realm4j.testkit..",
          "org.realm4j.cli..");

  @Test
  void everyPackageHasItsPlace() {
    // Without it a new package, or an import that finds nothing, would pass every other rule.
    assertTrue(CLASSES.contain("org.realm4j.io.RealmException"), "realm-api was not found");
    var known = new ArrayList<>(ORDER);
    known.addAll(OTHER_MODULES);
    classes().should().resideInAnyPackage(known.toArray(String[]::new)).check(CLASSES);
  }

  @Test
  void packagesUseOnlyThoseBeforeThem() {
    for (int i = 0; i < ORDER.size(); i++) {
      var forbidden = new ArrayList<>(ORDER.subList(i + 1, ORDER.size()));
      forbidden.addAll(OTHER_MODULES);
      if (STRANGERS.containsKey(ORDER.get(i))) {
        forbidden.add(STRANGERS.get(ORDER.get(i)));
      }
      noClasses()
          .that()
          .resideInAPackage(ORDER.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(forbidden.toArray(String[]::new))
          .allowEmptyShould(true)
          .check(CLASSES);
    }
  }

  @Test
  void onlyTheReferenceBackendUsesItsKernels() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.realm4j.reference..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.realm4j.reference.kernels..")
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandPrints() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.realm4j.cli..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethodWhere(calls(Throwable.class, "printStackTrace"))
        .because("a library reports through exceptions, listeners and System.Logger")
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandChangesTheJvm() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.realm4j.cli..")
        .should()
        .callMethodWhere(
            calls(System.class, "setProperty", "setProperties", "clearProperty", "exit"))
        .orShould()
        .callMethodWhere(calls(Runtime.class, "exit", "halt", "addShutdownHook"))
        .because("the JVM belongs to the application")
        .check(CLASSES);
  }

  @Test
  void nothingIsReadByJavaSerialisation() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(ObjectInputStream.class, ObjectOutputStream.class)
        .because("reading such a stream can run foreign code")
        .check(CLASSES);
  }

  private static DescribedPredicate<JavaMethodCall> calls(Class<?> owner, String... names) {
    Set<String> wanted = Set.of(names);
    return describe(
        owner.getSimpleName() + "." + wanted,
        call -> {
          JavaClass target = call.getTargetOwner();
          return target.isAssignableTo(owner) && wanted.contains(call.getName());
        });
  }
}
