package org.realm4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** On what, and with what, was measured. */
final class Machine {
  private Machine() {}

  static void describe(Context context) {
    Table table = context.table();
    table.head("date", LocalDate.now(java.time.ZoneId.systemDefault()).toString());
    table.head(
        "machine",
        "%s, %d cores, %.0f GiB, %s %s"
            .formatted(
                processor(),
                Runtime.getRuntime().availableProcessors(),
                memoryGib(),
                System.getProperty("os.name"),
                System.getProperty("os.version")));
    table.head(
        "jdk", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
    table.head("flags", String.join(" ", flags()));
    table.head("kernels", context.kernels().kernels().describe());
    table.head("threads", context.threads().toString());
    table.head("OpenBLAS", version(() -> new OpenBlas().version()));
    table.head("oneDNN", version(() -> new OneDnn().version()));
    table.head("torch", version(Machine::torch));
    table.head("ONNX Runtime", version(EmbedSection::runtimeVersion));
    table.head("faiss", version(Faiss::version));
    table.head("Lucene", org.apache.lucene.util.Version.LATEST.toString());
  }

  /** Those that change how fast Java is. */
  private static List<String> flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("-X"))
        .toList();
  }

  private static String version(Supplier<String> peer) {
    try {
      return peer.get();
    } catch (Peer.Missing e) {
      return "not installed";
    }
  }

  private static String torch() {
    try {
      Process python =
          new ProcessBuilder(SideBySide.PYTHON, "-c", "import torch; print(torch.__version__)")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (BufferedReader out = python.inputReader()) {
        String version = out.readLine();
        if (version == null) {
          throw new Peer.Missing("torch");
        }
        return version;
      }
    } catch (IOException e) {
      throw new Peer.Missing("torch", e);
    }
  }

  /** The first value of the key in a file of lines such as {@code key : value}. */
  static String field(Path file, String key, String otherwise) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(otherwise);
    } catch (IOException e) {
      return otherwise;
    }
  }

  private static String processor() {
    Path file = Path.of("/proc/cpuinfo");
    String name = field(file, "model name", System.getProperty("os.arch"));
    List<String> flags = List.of(field(file, "flags", "").split(" "));
    String family = field(file, "cpu family", "");
    String vectors =
        flags.contains("avx512f") ? ", AVX-512" : flags.contains("avx2") ? ", AVX2" : "";
    return family.isEmpty()
        ? name
        : "%s (family %s, model %s%s)".formatted(name, family, field(file, "model\t", ""), vectors);
  }

  private static double memoryGib() {
    var system =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getTotalMemorySize() / (double) (1 << 30);
  }

  /** MiB of this process that the system counts: VmRSS now, VmHWM at most; NaN where unknown. */
  static double residentMib(String key) {
    String found = field(Path.of("/proc/self/status"), key, "");
    return found.isEmpty()
        ? Double.NaN
        : Double.parseDouble(found.toLowerCase(Locale.ROOT).replace("kb", "").strip()) / 1024;
  }
}
