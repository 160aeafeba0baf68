/**
 * For whoever writes or checks a backend: a float64 oracle, the contracts that backends and indexes
 * extend, arbitraries for properties, and golden cases. The oracle and the golden cases need no
 * test framework.
 */
module org.realm4j.testkit {
  requires transitive org.realm4j;
  requires static transitive net.jqwik.api;
  requires static transitive org.jspecify;
  requires static transitive org.junit.jupiter.api;

  exports org.realm4j.testkit.arbitrary;
  exports org.realm4j.testkit.contract;
  exports org.realm4j.testkit.golden;
  exports org.realm4j.testkit.oracle;
}
