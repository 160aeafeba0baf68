package org.realm4j.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;

/**
 * A process that does some work when it is told to, and waits asleep otherwise. Both speak one JSON
 * object a line: first the job, answered once it is ready, then requests, each answered with the
 * seconds that it took; the end of its input ends it.
 */
final class Peer implements AutoCloseable {
  /** Something that a peer needs is not there. */
  static final class Missing extends RuntimeException {
    private static final long serialVersionUID = 1;

    Missing(String what) {
      super(what);
    }

    Missing(String what, Throwable cause) {
      super(what, cause);
    }
  }

  private final String name;
  private final Process process;
  private final Path errors;
  private final BufferedWriter in;
  private final BufferedReader out;
  private final JsonObject ready;
  private final double startSeconds;

  /**
   * Starts it and waits until it is ready.
   *
   * @throws Missing if it ends before
   */
  Peer(String name, List<String> command, Map<String, ?> job) {
    this(name, command, Map.of(), job);
  }

  Peer(String name, List<String> command, Map<String, String> environment, Map<String, ?> job) {
    this.name = name;
    long begun = System.nanoTime();
    try {
      errors = Files.createTempFile("realm-bench-", ".err");
      errors.toFile().deleteOnExit();
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
      builder.environment().putAll(environment);
      process = builder.start();
    } catch (IOException e) {
      throw new Missing(name + ": " + e.getMessage(), e);
    }
    in = process.outputWriter(StandardCharsets.UTF_8);
    out = process.inputReader(StandardCharsets.UTF_8);
    JsonObject answer;
    try {
      answer = ask(job);
    } catch (UncheckedIOException e) {
      close();
      throw new Missing(String.valueOf(e.getMessage()), e);
    }
    ready = answer;
    startSeconds = (System.nanoTime() - begun) * 1e-9;
  }

  String name() {
    return name;
  }

  /** What it said when it was ready. */
  JsonObject ready() {
    return ready;
  }

  /** From the start of the process until it was ready. */
  double startSeconds() {
    return startSeconds;
  }

  JsonObject ask(Map<String, ?> request) {
    try {
      in.write(Json.format(request));
      in.newLine();
      in.flush();
      String line = out.readLine();
      if (line == null) {
        throw new IOException("ended" + lastError());
      }
      return Json.parseObject(line, name);
    } catch (IOException e) {
      throw new UncheckedIOException(name + ": " + e.getMessage(), e);
    }
  }

  Sample sample(Map<String, ?> request) {
    JsonObject answer = ask(request);
    return new Sample(answer.number("seconds"), answer.number("cpu"));
  }

  private String lastError() {
    try {
      List<String> lines = Files.readAllLines(errors).stream().filter(l -> !l.isBlank()).toList();
      // Java names the failure first, Python last
      return lines.stream()
          .filter(l -> l.startsWith("Exception in thread"))
          .findFirst()
          .or(() -> lines.isEmpty() ? Optional.empty() : Optional.of(lines.getLast()))
          .map(l -> ": " + l.strip())
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      // It has ended already.
    }
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      Files.deleteIfExists(errors);
    } catch (InterruptedException | IOException e) {
      process.destroyForcibly();
    }
  }

  static void closeAll(@Nullable Peer... peers) {
    for (Peer p : peers) {
      if (p != null) {
        p.close();
      }
    }
  }
}
