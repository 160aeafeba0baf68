/** BM25 through Lucene: the baseline that a retriever has to beat. */
module org.realm4j.lucene {
  requires org.apache.lucene.core;
  requires org.realm4j;
}
