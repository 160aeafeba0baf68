package org.realm4j.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A card as NVIDIA's driver sees it.
 *
 * @param driver version of the driver, such as 535.104
 * @param major of the compute capability
 * @param minor of the compute capability
 * @param memory MiB
 */
record NvidiaCard(String name, String driver, int major, int minor, long memory) {
  /** The driver's own tool, which answers without CUDA and without a context on the card. */
  static final List<String> COMMAND =
      List.of(
          "nvidia-smi",
          "--query-gpu=name,driver_version,compute_cap,memory.total",
          "--format=csv,noheader,nounits");

  private static final int SECONDS = 20;

  String capability() {
    return major + "." + minor;
  }

  @Override
  public String toString() {
    return name
        + " (driver "
        + driver
        + ", compute capability "
        + capability()
        + ", "
        + memory
        + " MiB)";
  }

  /** The cards that a command like {@link #COMMAND} names; none if it cannot be run or fails. */
  static List<NvidiaCard> query(List<String> command) {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException e) {
      return List.of(); // no driver
    }
    try {
      process.getOutputStream().close();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        return List.of();
      }
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      List<NvidiaCard> cards = new ArrayList<>();
      for (String line : out.lines().toList()) {
        NvidiaCard card = parse(line);
        if (card != null) {
          cards.add(card);
        }
      }
      return cards;
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    } finally {
      process.destroyForcibly();
    }
  }

  /** One line of comma-separated values; drivers before 510 know no compute capability. */
  static @Nullable NvidiaCard parse(String line) {
    String[] fields = line.split(",");
    if (fields.length != 4 || !fields[2].strip().matches("\\d+\\.\\d+")) {
      return null;
    }
    String[] capability = fields[2].strip().split("\\.");
    String memory = fields[3].strip();
    return new NvidiaCard(
        fields[0].strip(),
        fields[1].strip(),
        Integer.parseInt(capability[0]),
        Integer.parseInt(capability[1]),
        memory.matches("\\d{1,12}") ? Long.parseLong(memory) : 0);
  }
}
