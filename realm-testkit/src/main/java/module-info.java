module org.realm4j.testkit {
  requires org.realm4j;
}
