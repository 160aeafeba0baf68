/**
 * For whoever writes or checks a backend: a float64 oracle, the contracts that backends and indexes
 * extend, arbitraries for properties, and golden cases. The oracle and the golden cases need no
 * test framework.
 */
module org.realm4j.testkit {
  requires transitive org.realm4j;
  requires static transitive org.jspecify;
  // Not transitive: who only runs golden cases, such as the command line, compiles without them.
  requires static net.jqwik.api;
  requires static org.junit.jupiter.api;

  exports org.realm4j.testkit.arbitrary;
  exports org.realm4j.testkit.contract;
  exports org.realm4j.testkit.golden;
  exports org.realm4j.testkit.model;
  exports org.realm4j.testkit.oracle;
}
