package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.JsonObject;
import org.realm4j.qa.Bootstrap;
import org.realm4j.qa.EvaluationReport;

/** The tables of one {@code realm experiment open-qa}, in Markdown. */
final class OpenQaReport {
  private static final int[] RANKS = {1, 5, 20};

  /**
   * A row that was evaluated.
   *
   * @param group what it can be compared within: the dev questions
   * @param record of the evaluation
   */
  private record Evaluated(String group, JsonObject record, List<OpenQaScore> scores) {
    OpenQaRow row() {
      return OpenQaRow.valueOf(record.string("row").toUpperCase(Locale.ROOT));
    }

    long seed() {
      return record.object("settings").integer("seed");
    }

    String name() {
      return String.format(
          Locale.ROOT,
          "%s, %,d questions, seed %d",
          Choices.word(row()),
          record.integer("trained_on"),
          seed());
    }

    JsonObject measure(String name) {
      return record.object("measures").object(name);
    }
  }

  private final Path folder;
  private final PrintWriter out;
  private final List<JsonObject> records;

  OpenQaReport(Path folder, PrintWriter out) {
    this.folder = folder;
    this.out = out;
    records = ExperimentFolder.records(folder);
  }

  void print() {
    JsonObject corpus = records.getFirst();
    out.printf(
        Locale.ROOT,
        "## %s (%,d passages)%n%n",
        corpus.string("data", "corpus"),
        corpus.integer("passages", 0));
    Map<String, List<Evaluated>> groups = new TreeMap<>();
    for (JsonObject record : records) {
      if (OpenQaScore.has(record)) {
        Evaluated evaluated = evaluated(record);
        groups.computeIfAbsent(evaluated.group, _ -> new ArrayList<>()).add(evaluated);
      }
    }
    groups.forEach(
        (group, rows) -> {
          rows.sort(
              Comparator.comparingLong((Evaluated e) -> e.record.integer("trained_on"))
                  .thenComparingLong(Evaluated::seed)
                  .thenComparing(Evaluated::row));
          out.printf(Locale.ROOT, "### %s%n%n", group);
          answers(rows);
          retrieval(rows);
          differences(rows);
        });
    beforeFineTuning();
    training();
    costs();
    commands();
    out.flush();
  }

  private Evaluated evaluated(JsonObject record) {
    List<OpenQaScore> scores = OpenQaScore.read(folder, record.string("stage"));
    String set = record.string("set");
    String group =
        String.format(
            Locale.ROOT, "%,d %sdev questions", scores.size(), set.isEmpty() ? "" : set + " ");
    return new Evaluated(group, record, scores);
  }

  private void answers(List<Evaluated> rows) {
    header(
        "row",
        "trained on",
        "seed",
        "EM",
        "F1",
        "answer in the passages read",
        "EM, answers of at most 10 wordpieces",
        "s/question (median, p90)");
    for (Evaluated e : rows) {
      line(
          e.row().title(),
          String.format(Locale.ROOT, "%,d", e.record.integer("trained_on")),
          String.valueOf(e.seed()),
          share(e.measure(EvaluationReport.EXACT_MATCH)),
          String.format(
              Locale.ROOT,
              "%.1f (%s)",
              100 * e.measure(EvaluationReport.F1).number("mean"),
              interval(e.measure(EvaluationReport.F1))),
          measure(e, EvaluationReport.ORACLE),
          e.record.has("short_answers")
              ? share(
                  e.record
                      .object("short_answers")
                      .object("measures")
                      .object(EvaluationReport.EXACT_MATCH))
              : "",
          e.record.has("question_seconds_median")
              ? String.format(
                  Locale.ROOT,
                  "%.2f, %.2f",
                  e.record.number("question_seconds_median"),
                  e.record.number("question_seconds_p90"))
              : "");
    }
    out.printf(Locale.ROOT, "%n");
  }

  private void retrieval(List<Evaluated> rows) {
    List<String> names = new ArrayList<>(List.of("row", "trained on", "seed"));
    for (int k : RANKS) {
      names.add("gold passage @" + k);
    }
    for (int k : RANKS) {
      names.add("answer @" + k);
    }
    header(names.toArray(String[]::new));
    for (Evaluated e : rows) {
      List<String> cells = new ArrayList<>();
      cells.add(e.row().title());
      cells.add(String.format(Locale.ROOT, "%,d", e.record.integer("trained_on")));
      cells.add(String.valueOf(e.seed()));
      for (int k : RANKS) {
        cells.add(measure(e, EvaluationReport.goldInTop(k)));
      }
      for (int k : RANKS) {
        cells.add(measure(e, EvaluationReport.answerInTop(k)));
      }
      line(cells.toArray(String[]::new));
    }
    out.printf(Locale.ROOT, "%n");
  }

  /** A measure, empty if the corpus is too small for it. */
  private static String measure(Evaluated e, String name) {
    return e.record.object("measures").has(name) ? share(e.measure(name)) : "";
  }

  /** 44.8 % (42.5 to 47.1), 812 of 1,814. */
  private static String share(JsonObject measure) {
    return String.format(
        Locale.ROOT,
        "%.1f (%s), %,.0f of %,d",
        100 * measure.number("mean"),
        interval(measure),
        measure.number("sum"),
        measure.integer("questions"));
  }

  private static String interval(JsonObject measure) {
    return interval(new Bootstrap.Interval(measure.number("low"), measure.number("high")));
  }

  private static String interval(Bootstrap.Interval interval) {
    return String.format(Locale.ROOT, "%.1f to %.1f", 100 * interval.low(), 100 * interval.high());
  }

  private void differences(List<Evaluated> rows) {
    if (rows.size() < 2) {
      return;
    }
    out.printf(
        Locale.ROOT,
        "Paired differences, second minus first, in points (95 %% intervals by bootstrap over the"
            + " questions):%n%n");
    header("first", "second", "EM", "only first, only second right", "F1", "gold passage @5");
    for (int a = 0; a < rows.size(); a++) {
      for (int b = a + 1; b < rows.size(); b++) {
        difference(rows.get(a), rows.get(b));
      }
    }
    out.printf(Locale.ROOT, "%n");
  }

  private void difference(Evaluated first, Evaluated second) {
    if (!questions(first).equals(questions(second))) {
      return; // as many questions, but others
    }
    int onlyFirst = 0;
    int onlySecond = 0;
    for (int i = 0; i < first.scores.size(); i++) {
      boolean a = first.scores.get(i).right();
      boolean b = second.scores.get(i).right();
      onlyFirst += a && !b ? 1 : 0;
      onlySecond += b && !a ? 1 : 0;
    }
    line(
        first.name(),
        second.name(),
        difference(first, second, s -> s.right() ? 1 : 0),
        String.format(Locale.ROOT, "%,d, %,d", onlyFirst, onlySecond),
        difference(first, second, OpenQaScore::f1),
        difference(first, second, s -> s.goldWithin(5) ? 1 : 0));
  }

  private static List<String> questions(Evaluated e) {
    return e.scores.stream().map(OpenQaScore::question).toList();
  }

  private static String difference(
      Evaluated first, Evaluated second, ToDoubleFunction<OpenQaScore> measure) {
    double[] gains = new double[first.scores.size()];
    double sum = 0;
    for (int i = 0; i < gains.length; i++) {
      gains[i] =
          measure.applyAsDouble(second.scores.get(i)) - measure.applyAsDouble(first.scores.get(i));
      sum += gains[i];
    }
    Bootstrap.Interval interval = Bootstrap.ofMeans(new double[][] {gains}, first.seed())[0];
    return String.format(Locale.ROOT, "%+.1f (%s)", 100 * sum / gains.length, interval(interval));
  }

  private void beforeFineTuning() {
    List<JsonObject> retrieved =
        records.stream().filter(r -> r.string("stage").startsWith("retrieved")).toList();
    if (retrieved.isEmpty()) {
      return;
    }
    out.printf(Locale.ROOT, "### Retrieval before fine-tuning%n%n");
    List<String> names = new ArrayList<>(List.of("row", "dev questions", "seed"));
    for (int k : RANKS) {
      names.add("gold passage @" + k);
    }
    header(names.toArray(String[]::new));
    for (JsonObject record : retrieved) {
      List<String> cells = new ArrayList<>();
      cells.add(record.string("row"));
      cells.add(record.string("set").isEmpty() ? "all" : record.string("set"));
      cells.add(String.valueOf(record.object("settings").integer("seed")));
      JsonObject measures = record.object("measures");
      for (int k : RANKS) {
        String name = EvaluationReport.goldInTop(k);
        cells.add(measures.has(name) ? share(measures.object(name)) : "");
      }
      line(cells.toArray(String[]::new));
    }
    out.printf(Locale.ROOT, "%n");
  }

  /** How fine-tuning went: the losses of the first and the last twentieth, what had no match. */
  private void training() {
    out.printf(Locale.ROOT, "### Fine-tuning%n%n");
    header(
        "row",
        "questions",
        "seed",
        "no answer in the passages retrieved",
        "none in those read",
        "retriever loss, first and last twentieth",
        "reader loss");
    for (JsonObject record : records) {
      if (record.has("questions_seen")) {
        long seen = record.integer("questions_seen");
        line(
            record.string("row"),
            String.format(Locale.ROOT, "%,d", seen),
            String.valueOf(record.object("settings").integer("seed")),
            count(record.integer("without_match_in_retrieved"), seen),
            count(record.integer("without_match_in_read"), seen),
            firstAndLast(record, "retriever_loss"),
            firstAndLast(record, "reader_loss"));
      }
    }
    out.printf(Locale.ROOT, "%n");
  }

  private static String count(long some, long all) {
    return String.format(Locale.ROOT, "%,d (%.1f %%)", some, 100.0 * some / all);
  }

  private static String firstAndLast(JsonObject record, String key) {
    List<@Nullable Object> values = record.list(key);
    return values.isEmpty()
        ? ""
        : String.format(
            Locale.ROOT, "%.3f, %.3f", number(values.getFirst()), number(values.getLast()));
  }

  private static double number(@Nullable Object value) {
    return value instanceof Number n ? n.doubleValue() : Double.NaN;
  }

  private void costs() {
    out.printf(Locale.ROOT, "### Cost%n%n");
    header("stage", "tokens", "tokens/s", "seconds");
    for (JsonObject record : records) {
      line(
          record.string("stage"),
          record.has("tokens") ? String.format(Locale.ROOT, "%,d", record.integer("tokens")) : "",
          record.has("tokens_per_second")
              ? String.format(Locale.ROOT, "%,.0f", record.number("tokens_per_second"))
              : "",
          String.format(Locale.ROOT, "%,.0f", record.number("seconds")));
    }
    out.printf(Locale.ROOT, "%n");
  }

  private void commands() {
    Set<String> commands = new LinkedHashSet<>();
    for (JsonObject record : records) {
      if (record.has("command")) {
        commands.add(record.string("command"));
      }
    }
    out.printf(Locale.ROOT, "Commands:%n%n```%n");
    commands.forEach(command -> out.printf(Locale.ROOT, "%s%n", command));
    out.printf(Locale.ROOT, "```%n%n");
  }

  private void header(String... names) {
    line(names);
    String[] rules = new String[names.length];
    java.util.Arrays.fill(rules, "---");
    line(rules);
  }

  private void line(String... cells) {
    out.printf(Locale.ROOT, "| %s |%n", String.join(" | ", cells));
  }
}
