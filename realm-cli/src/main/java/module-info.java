/** The {@code realm} command. */
module org.realm4j.cli {
  requires static org.jspecify;
  requires info.picocli;
  requires java.logging;
  requires org.realm4j;
  requires org.realm4j.lucene;
  requires org.realm4j.testkit;

  // Picocli sets the fields that hold options by reflection.
  opens org.realm4j.cli to
      info.picocli;
}
