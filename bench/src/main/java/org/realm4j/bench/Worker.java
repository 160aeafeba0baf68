package org.realm4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.reference.KernelChoice;

/**
 * This library's side as a process of its own, which speaks as {@link Peer} says: so both sides
 * start alike, and what it says of memory and garbage is of the measured work alone.
 */
final class Worker {
  /** Some work that can be repeated. */
  interface Load extends AutoCloseable {
    /** Does what is asked for once; only this is timed. */
    Map<String, Object> run(JsonObject request);

    /** Of the trained networks. */
    long parameters();

    @Override
    void close();
  }

  private Worker() {}

  /** The command that starts one, with the flags of this JVM and then others. */
  static List<String> command(String... flags) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of(flags));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Worker.class.getName());
    return command;
  }

  public static void main(String[] args) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    String first = in.readLine();
    if (first == null) {
      return;
    }
    JsonObject job = Json.parseObject(first, "job");
    try (Load load = open(job)) {
      System.out.println(Json.format(Map.of("ready", true, "parameters", load.parameters())));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        System.out.println(Json.format(timed(load, Json.parseObject(line, "request"))));
      }
    }
  }

  private static Load open(JsonObject job) {
    KernelChoice kernels = KernelChoice.valueOf(job.string("kernels", "AUTO"));
    return switch (job.string("load")) {
      case "realm" -> new RealmLoad(job, kernels);
      case "mlm" -> new MlmLoad(job, kernels);
      case "embed" -> new EmbedLoad(job, kernels);
      case "steady" -> new SteadyLoad(job, kernels);
      case "mips" -> new MipsLoad(job);
      case "hnsw" -> new HnswLoad(job);
      case "operation" -> new OperationLoad(job, kernels);
      default -> throw new RealmException.BadInput("load: unknown: " + job.string("load"));
    };
  }

  private static Map<String, Object> timed(Load load, JsonObject request) {
    double collecting = collectionSeconds();
    long allocated = allocatedBytes();
    long cpu = Alternately.processCpu();
    long start = System.nanoTime();
    Map<String, Object> result = load.run(request);
    double seconds = (System.nanoTime() - start) * 1e-9;
    Map<String, Object> answer = new LinkedHashMap<>(result);
    answer.put("seconds", seconds);
    answer.put("cpu", (Alternately.processCpu() - cpu) * 1e-9);
    answer.put("collecting", collectionSeconds() - collecting);
    answer.put("allocated", allocatedBytes() - allocated);
    Runtime runtime = Runtime.getRuntime();
    answer.put("heap_mib", (runtime.totalMemory() - runtime.freeMemory()) / (double) (1 << 20));
    answer.put("peak_mib", Machine.residentMib("VmHWM"));
    return answer;
  }

  private static double collectionSeconds() {
    return 1e-3
        * ManagementFactory.getGarbageCollectorMXBeans().stream()
            .mapToLong(GarbageCollectorMXBean::getCollectionTime)
            .sum();
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getTotalThreadAllocatedBytes();
  }
}
