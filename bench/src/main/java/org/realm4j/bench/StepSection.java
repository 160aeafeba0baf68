package org.realm4j.bench;

import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.MiniLmOperations.Work;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.nn.BertConfig;
import org.realm4j.tensor.Activation;

/**
 * {@code step}: one pre-training step of 4 queries of 64 tokens with 7 passages of 128 and the null
 * document each, read together with 192 tokens, 8 of them masked; from a fresh start on.
 */
final class StepSection {
  private static final String NAME = "step";
  static final RealmBatch BATCH = RealmBatch.even(4, 8, 64, 128, 192, 8);
  private static final BertConfig MODEL = Networks.miniLm(Activation.GELU_TANH);

  /** The heap of the run that shows how little memory a step takes, over what it needs on paper. */
  private static final double HEAP = 1.2;

  /** Within so much of the steady time a step has full speed. */
  private static final double FULL_SPEED = 1.05;

  /** Of what is needed on paper. */
  private static final double MOST_MEMORY = 1.3;

  /** Percent of the time. */
  private static final double MOST_COLLECTING = 1;

  /** From one thread to two. */
  private static final double LEAST_SCALING = 1.85;

  private StepSection() {}

  /** Of a step on paper: what backward needs written and read, and what the update touches. */
  static Work work(RealmBatch batch) {
    List<MemoryOnPaper.Term> terms = MemoryOnPaper.step(MODEL, batch);
    double parameters = terms.getFirst().floats();
    double saved = terms.stream().skip(3).mapToDouble(MemoryOnPaper.Term::floats).sum();
    // a gradient written and read, a parameter and its two moments changed
    return new Work(1e9 * MemoryOnPaper.stepGflop(MODEL, batch), 8 * parameters + 2 * saved);
  }

  /** What both sides are told. */
  static Map<String, Object> job(int threads, List<RealmBatch> batches) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("load", "realm");
    job.put("threads", threads);
    job.put("model", Networks.toJson(MODEL));
    job.put("batches", batches.stream().map(RealmBatch::toJson).toList());
    return job;
  }

  static void run(Context context) {
    Map<Integer, Row> speeds = new TreeMap<>();
    List<Map<String, Object>> request = List.of(Map.of("batch", 0));
    for (int threads : context.threads()) {
      context.limits(threads); // before the sides start
      Map<String, Object> job = job(threads, List.of(BATCH));
      try (SideBySide sides = SideBySide.torch(context, job)) {
        sides.run(context.either(2, 3), request); // the first steps, for what is said of them
        List<List<Sample>> samples = sides.run(context.rounds(5), request);
        double perStep = MemoryOnPaper.stepGflop(MODEL, BATCH);
        Row row =
            sides
                .row(NAME, "REALM step", threads, "tokens/s", BATCH.tokens(), samples)
                .limitedBy(context.limits(threads).fma() / perStep * BATCH.tokens())
                .with("gflop", perStep)
                .toward(SideBySide.targets(threads, 1.5, 2.0));
        speeds.put(threads, row);
        context.add(row);
        compareParameters(context, sides);
        starts(context, sides, threads);
        memory(context, sides, threads);
        garbage(context, sides, threads, samples.getFirst().size());
      }
      SideBySide.keepingMemory(context, NAME, "REALM step", threads, BATCH.tokens(), job, request);
    }
    scaling(context, speeds);
  }

  private static void compareParameters(Context context, SideBySide sides) {
    if (sides.peer() != null) {
      long ours = sides.ours().ready().integer("parameters");
      long theirs = sides.peer().ready().integer("parameters");
      if (ours != theirs) {
        context.fail("step: parameters: expected torch's " + theirs + ", found " + ours);
      }
    }
  }

  private static void starts(Context context, SideBySide sides, int threads) {
    context.add(
        pair(
            "from the start to the end of the first step",
            threads,
            "s",
            sides,
            sides.ours().startSeconds() + sides.ourAnswers().getFirst().number("seconds"),
            sides.peer() == null
                ? Double.NaN
                : sides.peer().startSeconds() + sides.peerAnswers().getFirst().number("seconds")));
    context.add(
        pair(
            "from the start to a step of full speed",
            threads,
            "s",
            sides,
            fullSpeed(sides.ours(), sides.ourAnswers()),
            sides.peer() == null ? Double.NaN : fullSpeed(sides.peer(), sides.peerAnswers())));
  }

  /** Seconds of its own until a step begins that takes hardly longer than later ones. */
  private static double fullSpeed(Peer side, List<JsonObject> answers) {
    double[] all = answers.stream().mapToDouble(a -> a.number("seconds")).toArray();
    double steady =
        Statistics.median(java.util.Arrays.copyOfRange(all, all.length / 2, all.length));
    double elapsed = side.startSeconds();
    for (double step : all) {
      if (step <= FULL_SPEED * steady) {
        break;
      }
      elapsed += step;
    }
    return elapsed;
  }

  private static void memory(Context context, SideBySide sides, int threads) {
    List<MemoryOnPaper.Term> terms = MemoryOnPaper.step(MODEL, BATCH);
    double onPaper = terms.stream().mapToDouble(MemoryOnPaper.Term::mebibytes).sum();
    String description = "on paper: " + MemoryOnPaper.describe(terms);
    context.add(Row.of(NAME, description, threads, onPaper, "MiB"));
    context.add(
        pair(
                "peak memory (RSS), the heap not bounded; limit: on paper",
                threads,
                "MiB",
                sides,
                last(sides, "peak_mib"),
                sides.peer() == null
                    ? Double.NaN
                    : sides.peerAnswers().getLast().number("peak_mib"))
            .limitedBy(onPaper));
    long heap = Math.round(HEAP * onPaper);
    context.progress("  a few steps in a heap of " + heap + " MiB");
    JsonObject answer;
    try (Peer bounded =
        SideBySide.ours(context, job(threads, List.of(BATCH)), "-Xmx" + heap + "m", "-Xmn64m")) {
      bounded.ask(Map.of("batch", 0));
      bounded.ask(Map.of("batch", 0));
      answer = bounded.ask(Map.of("batch", 0));
    } catch (RealmException | UncheckedIOException e) {
      context.fail("step: in a heap of " + heap + " MiB: " + e.getMessage());
      return;
    }
    context.add(
        Row.of(
                NAME,
                "peak memory (RSS) in a heap of " + heap + " MiB; limit: on paper",
                threads,
                answer.number("peak_mib"),
                "MiB")
            .limitedBy(onPaper)
            .toward(Target.shareAtMost(MOST_MEMORY)));
    context.add(
        Row.of(
            NAME,
            "its third step",
            threads,
            BATCH.tokens() / answer.number("seconds"),
            "tokens/s"));
  }

  private static double last(SideBySide sides, String key) {
    return sides.ourAnswers().getLast().number(key);
  }

  private static void garbage(Context context, SideBySide sides, int threads, int steady) {
    List<JsonObject> all = sides.ourAnswers();
    List<JsonObject> last = all.subList(all.size() - steady, all.size());
    double seconds = last.stream().mapToDouble(a -> a.number("seconds")).sum();
    double collecting = last.stream().mapToDouble(a -> a.number("collecting")).sum();
    double bytes =
        Statistics.median(last.stream().mapToDouble(a -> a.number("allocated")).toArray());
    context.add(
        Row.of(NAME, "share of the time in collections", threads, 100 * collecting / seconds, "%")
            .toward(Target.atMost(MOST_COLLECTING)));
    context.add(Row.of(NAME, "allocated in a steady step", threads, bytes / (1 << 20), "MiB"));
  }

  /** A figure of which less is better. */
  private static Row pair(
      String name, int threads, String unit, SideBySide sides, double ours, double peer) {
    double no = Double.NaN;
    String peerName = sides.peer() == null ? "" : sides.peer().name();
    return new Row(
        NAME,
        name,
        threads,
        ours,
        unit,
        peerName,
        peer,
        peer / ours,
        no,
        no,
        List.of(),
        no,
        new LinkedHashMap<>());
  }

  private static void scaling(Context context, Map<Integer, Row> speeds) {
    if (speeds.size() < 2) {
      return;
    }
    Row one = speeds.values().iterator().next();
    for (Row row : speeds.values().stream().skip(1).toList()) {
      double no = Double.NaN;
      context.add(
          new Row(
              NAME,
              "speed-up over threads " + one.threads(),
              row.threads(),
              row.ours() / one.ours(),
              "x",
              row.peerName(),
              row.peer() / one.peer(),
              no,
              no,
              no,
              row.threads() == 2 * one.threads()
                  ? List.of(Target.atLeast(LEAST_SCALING))
                  : List.of(),
              (double) row.threads() / one.threads(),
              new LinkedHashMap<>()));
    }
  }
}
