/** REALM for the JVM: the public API and everything that does not depend on a backend. */
module org.realm4j {
  requires static transitive org.jspecify;
  requires tools.jackson.core;
  requires it.unimi.dsi.fastutil;
  requires org.agrona;
  requires ejml.core;
  requires ejml.ddense;

  exports org.realm4j;
  exports org.realm4j.corpus;
  exports org.realm4j.io;
  exports org.realm4j.nn;
  exports org.realm4j.pretrain;
  exports org.realm4j.qa;
  exports org.realm4j.retrieval;
  exports org.realm4j.tensor;
  exports org.realm4j.text;
  exports org.realm4j.train;

  uses org.realm4j.retrieval.MipsIndexProvider;
  uses org.realm4j.tensor.BackendProvider;
}
