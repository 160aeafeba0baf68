module org.realm4j.cli {
  requires org.realm4j;
}
