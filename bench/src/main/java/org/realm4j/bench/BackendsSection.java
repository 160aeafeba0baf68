package org.realm4j.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.Alternately.Side;
import org.realm4j.bench.MiniLmOperations.Measured;
import org.realm4j.bench.MiniLmOperations.Work;
import org.realm4j.io.JsonObject;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.BackendProvider.Availability;
import org.realm4j.testkit.contract.Operation;

/**
 * {@code backends}: each operation and one pre-training step on the reference backend and on ND4J,
 * by turns, and how far each operation is from float64 over the cases that every backend is tested
 * with. Each backend runs in a process of its own, as ND4J takes its threads from {@code
 * OMP_NUM_THREADS} when it starts; so it is not loaded where other sections measure.
 */
final class BackendsSection {
  static final String NAME = "backends";

  private BackendsSection() {}

  static void run(Context context, double peakGflops) {
    Availability nd4j = nd4j();
    Table table = context.table();
    table.say("%n### %s", NAME);
    table.say(
        nd4j.available() ? "nd4j: %s" : "nd4j is not available: %s; the reference alone",
        nd4j.description());
    for (int threads : context.threads()) {
      try (SideBySide sides = sides(context, Map.of("load", "operation"), threads, nd4j)) {
        operations(context, sides, threads, peakGflops);
      }
      RealmBatch batch = context.either(RealmBatch.even(2, 4, 32, 64, 96, 4), StepSection.BATCH);
      Map<String, Object> job = StepSection.job(threads, List.of(batch));
      try (SideBySide sides = sides(context, job, threads, nd4j)) {
        step(context, sides, batch, threads, peakGflops);
      }
    }
  }

  /** Looks for it; loads nothing. */
  private static Availability nd4j() {
    return BackendProvider.all().stream()
        .filter(p -> p.name().equals(MeasuredBackend.ND4J))
        .findFirst()
        .map(BackendProvider::availability)
        .orElse(new Availability(false, "realm-gpu is not on the class path"));
  }

  private static SideBySide sides(
      Context context, Map<String, Object> load, int threads, Availability nd4j) {
    Map<String, Object> job = new LinkedHashMap<>(load);
    job.put("threads", threads);
    return new SideBySide(
        context,
        SideBySide.ours(context, job),
        nd4j.available() ? nd4j(context, job, threads) : null);
  }

  /** Null, with one line that says why, if it is there and does not start. */
  private static @Nullable Peer nd4j(Context context, Map<String, Object> job, int threads) {
    Map<String, Object> named = new LinkedHashMap<>(job);
    named.put("backend", MeasuredBackend.ND4J);
    List<String> command =
        Worker.command(
            "--sun-misc-unsafe-memory-access=allow", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0");
    try {
      return new Peer(
          MeasuredBackend.ND4J,
          command,
          Map.of("OMP_NUM_THREADS", Integer.toString(threads)),
          named);
    } catch (Peer.Missing e) {
      context.progress(e.getMessage() + "; the reference alone");
      return null;
    }
  }

  // ---- operations

  private static void operations(
      Context context, SideBySide sides, int threads, double peakGflops) {
    List<Peer> both =
        sides.peer() == null ? List.of(sides.ours()) : List.of(sides.ours(), sides.peer());
    context.table().say("%n%s%n%n%s", describe(both, threads), ParityRow.COLUMNS.head());
    context.progress("  deviations from float64");
    List<JsonObject> deviations =
        both.stream().map(p -> p.ask(Map.of("deviations", true))).toList();
    JsonObject theirs = deviations.size() < 2 ? null : deviations.get(1);
    List<Measured> all = MiniLmOperations.all();
    for (int i = 0; i < all.size(); i++) {
      Measured m = all.get(i);
      context.progress("  " + m.operation().name());
      List<List<JsonObject>> answers = answers(context, both, i);
      for (String pass : m.passes()) {
        Operation operation = m.operation().operation();
        Row row =
            ParityRow.timed(m.name(pass), threads, samples(answers, pass))
                .with("operation", operation.name())
                .with("pass", pass);
        Deviations found = Deviations.of(operation, pass, deviations.getFirst(), theirs);
        add(context, ParityRow.complete(row, m.work(pass), found, peakGflops));
      }
    }
    network(context, threads, deviations.getFirst(), theirs);
  }

  private static String describe(List<Peer> both, int threads) {
    return "threads %d: %s"
        .formatted(
            threads,
            String.join(
                "; ",
                both.stream()
                    .map(p -> p.ask(Map.of("describe", true)).string("description"))
                    .toList()));
  }

  /** What each side answered in each of its turns. */
  private static List<List<JsonObject>> answers(Context context, List<Peer> both, int operation) {
    Map<String, Object> warm =
        Map.of("operation", operation, "for_seconds", context.either(0.2, 1.5));
    both.forEach(p -> p.ask(warm));
    Map<String, Object> turn =
        Map.of("operation", operation, "for_seconds", context.either(0.06, 0.25));
    List<List<JsonObject>> answers = new ArrayList<>();
    List<Side> turns = new ArrayList<>();
    for (Peer p : both) {
      List<JsonObject> own = new ArrayList<>();
      answers.add(own);
      turns.add(
          () -> {
            own.add(p.ask(turn));
            return new Sample(own.getLast().number("seconds"), own.getLast().number("cpu"));
          });
    }
    Alternately.run(context.rounds(9), turns);
    return answers;
  }

  /** The times of one pass; the processor's time is known of both together only. */
  private static List<List<Sample>> samples(List<List<JsonObject>> answers, String pass) {
    return answers.stream()
        .map(side -> side.stream().map(a -> new Sample(a.number(pass), Double.NaN)).toList())
        .toList();
  }

  /** Two small layers of BERT, which are compared and not measured: the step is. */
  private static void network(
      Context context, int threads, JsonObject ours, @Nullable JsonObject theirs) {
    for (String pass : List.of("forward", "backward")) {
      Row row =
          ParityRow.untimed("a small network, " + pass, threads)
              .with("operation", Operation.NETWORK.name())
              .with("pass", pass);
      Deviations deviations = Deviations.of(Operation.NETWORK, pass, ours, theirs);
      add(context, ParityRow.complete(row, new Work(0, 0), deviations, Double.NaN));
    }
  }

  // ---- a step

  private static void step(
      Context context, SideBySide sides, RealmBatch batch, int threads, double peakGflops) {
    List<Map<String, Object>> request = List.of(Map.of("batch", 0));
    sides.run(2, request); // the first steps, of which only the losses count
    List<List<Sample>> samples = sides.run(context.rounds(5), request);
    Row row = ParityRow.timed("REALM step, " + batch.tokens() + " tokens", threads, samples);
    Deviations losses =
        new Deviations(Double.NaN, difference(sides.ourAnswers(), sides.peerAnswers()), Double.NaN);
    ParityRow.complete(row, StepSection.work(batch), losses, peakGflops)
        .with("operation", "STEP")
        .with("pass", "both")
        .with("our_cores", Comparison.cores(samples.getFirst()))
        .with("tokens_per_second", batch.tokens() / row.ours())
        .with("peer_tokens_per_second", batch.tokens() / row.peer());
    add(context, row);
    String peer =
        sides.peer() == null
            ? ""
            : String.format(
                Locale.ROOT,
                ", nd4j %s; nd4j's deviation is that of %d losses from the reference's",
                Table.number(batch.tokens() / row.peer()),
                sides.peerAnswers().size());
    context
        .table()
        .say(
            "REALM step, threads %d, tokens/s: reference %s%s",
            threads, Table.number(batch.tokens() / row.ours()), peer);
  }

  /** The largest relative difference of the losses of the same steps; NaN without a peer. */
  static double difference(List<JsonObject> ours, List<JsonObject> theirs) {
    return IntStream.range(0, Math.min(ours.size(), theirs.size()))
        .mapToDouble(
            i -> {
              double loss = ours.get(i).number("loss");
              return Math.abs(theirs.get(i).number("loss") - loss) / Math.abs(loss);
            })
        .max()
        .orElse(Double.NaN);
  }

  private static void add(Context context, Row row) {
    context.table().add(row, ParityRow.COLUMNS.line(ParityRow.cells(row)));
    double allowed = ParityRow.figure(row, "allowed");
    for (String key : List.of("deviation", "peer_deviation")) {
      double found = ParityRow.figure(row, key);
      if (found > allowed) {
        context.fail(
            "%s: %s: %s: expected at most %s, found %s"
                .formatted(
                    NAME, row.name(), key, ParityRow.small(allowed), ParityRow.small(found)));
      }
    }
  }
}
