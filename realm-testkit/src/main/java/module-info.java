/**
 * For whoever writes or checks a backend: a float64 oracle, the contracts that backends and indexes
 * extend, arbitraries for properties, and golden cases. The last need no test framework.
 */
module org.realm4j.testkit {
  requires transitive org.realm4j;
  requires static transitive org.jspecify;

  exports org.realm4j.testkit.oracle;
}
