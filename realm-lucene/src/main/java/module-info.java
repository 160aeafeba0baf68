/** BM25 through Lucene: the baseline that a learned retriever has to beat. */
module org.realm4j.lucene {
  requires static transitive org.jspecify;
  requires transitive org.realm4j;
  requires org.apache.lucene.core;
  requires org.apache.lucene.analysis.common;

  exports org.realm4j.lucene;
}
