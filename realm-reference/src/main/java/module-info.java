/** The pure-Java SIMD backend and the exact index: bit-deterministic. */
module org.realm4j.reference {
  requires org.realm4j;
  requires static transitive org.jspecify;
  requires jdk.incubator.vector;
  requires it.unimi.dsi.fastutil;

  exports org.realm4j.reference;

  provides org.realm4j.tensor.BackendProvider with
      org.realm4j.reference.ReferenceBackendProvider;
  provides org.realm4j.retrieval.MipsIndexProvider with
      org.realm4j.reference.mips.ExactMipsIndexProvider,
      org.realm4j.reference.mips.Int8MipsIndexProvider,
      org.realm4j.reference.mips.IvfMipsIndexProvider;
}
