package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.cli.Artifacts.Artifact;
import org.realm4j.io.RealmException;

/** With a shell script in Maven's place. */
@DisabledOnOs(OS.WINDOWS)
class ArtifactsTest {
  /** Puts a jar with the content "good" where the real plugin would put it. */
  private static final String BRINGS =
      "for a in \"$@\"; do case $a in -DoutputDirectory=*) printf good > \"${a#*=}/a-1.jar\";;"
          + " esac; done";

  @TempDir Path folder;
  private final StringWriter err = new StringWriter();
  private Path cache;
  private Artifact artifact;

  @BeforeEach
  void makeArtifact() throws IOException {
    cache = folder.resolve("a/cache");
    Path good = Files.writeString(folder.resolve("good"), "good");
    artifact = new Artifact("g", "a", "1", Artifacts.sha256(good));
  }

  @Test
  void fetchesOnceAndThenAsksNobody() throws IOException {
    Path jar = artifacts(BRINGS).fetch(artifact);
    assertEquals("good", Files.readString(jar));
    assertTrue(err.toString().contains("fetching g:a:1"), err::toString);
    assertEquals(jar, artifacts("exit 9").fetch(artifact));
    assertEquals(List.of("a-1.jar"), cached());
  }

  @Test
  void aDamagedJarIsFetchedAgain() throws IOException {
    Files.createDirectories(cache);
    Files.writeString(cache.resolve("a-1.jar"), "goo");
    assertEquals("good", Files.readString(artifacts(BRINGS).fetch(artifact)));
    assertTrue(err.toString().contains("damaged; fetched again"), err::toString);
  }

  @Test
  void anotherFileIsNotKept() throws IOException {
    Artifacts artifacts = artifacts(BRINGS.replace("printf good", "printf evil"));
    RealmException e =
        assertThrows(RealmException.CorruptFile.class, () -> artifacts.fetch(artifact));
    assertTrue(e.getMessage().contains("g:a:1: expected a jar with SHA-256 " + artifact.sha256()));
    assertEquals(List.of(), cached());
  }

  @Test
  void aFailureTellsWhatToDoByHand() throws IOException {
    fails(
        "echo '[INFO] hm'; echo '[ERROR] no network'; echo '[ERROR] help'; exit 1",
        "g:a:1: Maven failed with exit status 1: no network; by hand: put the jar at ");
    fails("exit 0", "g:a:1: Maven brought no a-1.jar; by hand: put the jar at ");
    assertEquals(List.of(), cached());
    Artifacts missing = new Artifacts(cache, List.of("no-such-mvn"), new PrintWriter(err));
    RealmException e = assertThrows(RealmException.class, () -> missing.fetch(artifact));
    assertTrue(
        e.getMessage().contains("expected Maven, found no 'no-such-mvn' on the PATH; by hand"),
        e::getMessage);
  }

  private void fails(String script, String message) throws IOException {
    Artifacts artifacts = artifacts(script);
    RealmException e = assertThrows(RealmException.class, () -> artifacts.fetch(artifact));
    assertEquals(message + cache.resolve("a-1.jar").toAbsolutePath(), e.getMessage());
  }

  private Artifacts artifacts(String script) throws IOException {
    Path maven = Files.writeString(folder.resolve("mvn"), script + "\n");
    return new Artifacts(cache, List.of("sh", maven.toString()), new PrintWriter(err, true));
  }

  private List<String> cached() throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
