package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;

/** A command that ran inside this JVM, and what it printed. */
record Ran(int status, String out, String err) {
  static Ran realm(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = Stream.of(args).map(String::valueOf).toArray(String[]::new);
    int status = Main.run(new PrintWriter(out), new PrintWriter(err), words);
    return new Ran(status, out.toString(), err.toString());
  }

  /** The same with arguments that come in groups. */
  static Ran realm(List<?>... groups) {
    return realm(Stream.of(groups).flatMap(List::stream).toArray());
  }

  /** A command that reads stdin. */
  static Ran realmReading(String stdin, Object... args) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(stdin.getBytes(StandardCharsets.UTF_8)));
    try {
      return realm(args);
    } finally {
      System.setIn(before);
    }
  }

  Ran succeeded() {
    assertEquals(0, status, this::toString);
    return this;
  }

  /** One line on stderr with all of these parts, nothing else, and status 1. */
  void failedWith(String... parts) {
    assertEquals(1, status, this::toString);
    List<String> lines = err.lines().filter(line -> line.startsWith("realm: ")).toList();
    String last = lines.isEmpty() ? "" : lines.getLast();
    assertTrue(err.stripTrailing().endsWith(last), this::toString);
    for (String part : parts) {
      assertTrue(last.contains(part), () -> "'" + part + "' is not in: " + this);
    }
    assertTrue(!err.contains("\tat ") && !err.contains("Exception"), this::toString);
    assertTrue(!err.contains("unexpected "), this::toString);
  }

  void wasWrongUse(String... parts) {
    assertEquals(2, status, this::toString);
    for (String part : parts) {
      assertTrue(err.contains(part), () -> "'" + part + "' is not in: " + this);
    }
    assertEquals("", out);
  }

  /** The lines of the output as JSON objects. */
  List<JsonObject> json() {
    return out.lines().map(line -> Json.parseObject(line, "stdout")).toList();
  }
}
