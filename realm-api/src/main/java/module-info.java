/** REALM for the JVM: the public API and everything that does not depend on a backend. */
module org.realm4j {
  requires static transitive org.jspecify;
  requires tools.jackson.core;
  requires it.unimi.dsi.fastutil;

  exports org.realm4j.corpus;
  exports org.realm4j.io;
  exports org.realm4j.retrieval;
  exports org.realm4j.tensor;
  exports org.realm4j.text;

  uses org.realm4j.retrieval.MipsIndexProvider;
  uses org.realm4j.tensor.BackendProvider;
}
