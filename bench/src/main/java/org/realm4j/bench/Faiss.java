package org.realm4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The program that bench/peers/install-faiss builds. */
final class Faiss {
  static final String NAME = "faiss";

  private Faiss() {}

  /**
   * @param job what is searched; the program takes its threads from its environment
   * @throws Peer.Missing if it is not installed
   */
  static Peer open(int threads, Map<String, Object> job) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("OMP_NUM_THREADS", Integer.toString(threads));
    environment.put("OPENBLAS_NUM_THREADS", Integer.toString(threads));
    // Large pages, as this library's side has its vectors in.
    environment.put("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
    return new Peer(NAME, List.of(program().toString()), environment, job);
  }

  static String version() {
    try {
      Process process = new ProcessBuilder(program().toString(), "--version").start();
      try (BufferedReader out = process.inputReader()) {
        String version = out.readLine();
        if (version == null) {
          throw new Peer.Missing(NAME + ": it does not say its version");
        }
        return version + ", built with AVX2";
      }
    } catch (IOException e) {
      throw new Peer.Missing(NAME + ": " + e.getMessage(), e);
    }
  }

  private static Path program() {
    Path program = EmbedSection.cache().resolve("faiss-avx2/bin/faiss_search");
    if (!Files.isExecutable(program)) {
      throw new Peer.Missing(NAME + ": there is no " + program);
    }
    return program;
  }
}
