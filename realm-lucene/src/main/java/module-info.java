module org.realm4j.lucene {
  requires org.realm4j;
}
