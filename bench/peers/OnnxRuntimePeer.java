import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;

/**
 * Embedding in ONNX Runtime, told what to do line by line by ./realm bench; see torch_steps.py.
 * Run from its source, with ONNX Runtime and the bench's jars on the class path.
 *
 * <p>Job: threads, jar (that holds the model), ids (of each sequence). Request: from and to (which
 * of the sequences), batch (so many at once), sorted (whether by length), vectors (how many numbers
 * to return, to compare).
 */
public final class OnnxRuntimePeer {
  private static final int HIDDEN = 384;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final int[][] ids;

  private OnnxRuntimePeer(JsonObject job) throws IOException, OrtException {
    ids =
        job.list("ids").stream()
            .map(o -> ((List<?>) o).stream().mapToInt(x -> ((Long) x).intValue()).toArray())
            .toArray(int[][]::new);
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(job.int32("threads"));
    options.setInterOpNumThreads(1);
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    session = environment.createSession(model(job.string("jar")), options);
  }

  private static byte[] model(String jar) throws IOException {
    try (ZipFile zip = new ZipFile(jar)) {
      ZipEntry entry =
          zip.stream().filter(e -> e.getName().endsWith(".onnx")).findFirst().orElseThrow();
      return zip.getInputStream(entry).readAllBytes();
    }
  }

  /** Mean states, {@code [to - from, hidden]}. */
  private float[] embed(int from, int to, int batch, boolean sorted) throws OrtException {
    Integer[] order = IntStream.range(from, to).boxed().toArray(Integer[]::new);
    if (sorted) {
      Arrays.sort(order, Comparator.comparing(i -> ids[i].length));
    }
    float[] vectors = new float[order.length * HIDDEN];
    for (int i = 0; i < order.length; i += batch) {
      run(Arrays.copyOfRange(order, i, Math.min(order.length, i + batch)), from, vectors);
    }
    return vectors;
  }

  private void run(Integer[] chosen, int first, float[] vectors) throws OrtException {
    int longest = Arrays.stream(chosen).mapToInt(i -> ids[i].length).max().orElseThrow();
    int size = chosen.length * longest;
    LongBuffer words = direct(size);
    LongBuffer mask = direct(size);
    for (int b = 0; b < chosen.length; b++) {
      int[] sequence = ids[chosen[b]];
      for (int t = 0; t < sequence.length; t++) {
        words.put(b * longest + t, sequence[t]);
        mask.put(b * longest + t, 1);
      }
    }
    long[] shape = {chosen.length, longest};
    try (OnnxTensor w = OnnxTensor.createTensor(environment, words, shape);
        OnnxTensor m = OnnxTensor.createTensor(environment, mask, shape);
        OnnxTensor s = OnnxTensor.createTensor(environment, direct(size), shape);
        OrtSession.Result result =
            session.run(Map.of("input_ids", w, "attention_mask", m, "token_type_ids", s))) {
      FloatBuffer states = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] row = new float[HIDDEN];
      for (int b = 0; b < chosen.length; b++) {
        int at = (chosen[b] - first) * HIDDEN;
        int length = ids[chosen[b]].length;
        for (int t = 0; t < length; t++) {
          states.get((b * longest + t) * HIDDEN, row);
          for (int i = 0; i < HIDDEN; i++) {
            vectors[at + i] += row[i] / length;
          }
        }
      }
    }
  }

  private static LongBuffer direct(int n) {
    return ByteBuffer.allocateDirect(8 * n).order(ByteOrder.nativeOrder()).asLongBuffer();
  }

  private static long cpu() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  public static void main(String[] args) throws IOException, OrtException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    OnnxRuntimePeer peer = new OnnxRuntimePeer(Json.parseObject(in.readLine(), "job"));
    String version = peer.environment.getVersion();
    System.out.println(Json.format(Map.of("ready", true, "version", version)));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonObject request = Json.parseObject(line, "request");
      long cpu = cpu();
      long start = System.nanoTime();
      float[] vectors =
          peer.embed(
              request.int32("from"),
              request.int32("to"),
              request.int32("batch"),
              request.bool("sorted"));
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("seconds", (System.nanoTime() - start) * 1e-9);
      answer.put("cpu", (cpu() - cpu) * 1e-9);
      if (request.has("vectors")) {
        answer.put("vectors", Arrays.copyOf(vectors, request.int32("vectors")));
      }
      System.out.println(Json.format(answer));
    }
  }
}
