module org.realm4j.reference {
  requires org.realm4j;
}
