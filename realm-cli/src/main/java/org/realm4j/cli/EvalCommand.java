package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import org.realm4j.lucene.Bm25;
import org.realm4j.qa.AnswerMatcher;
import org.realm4j.qa.Answerer;
import org.realm4j.qa.Evaluation;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Predictions;
import org.realm4j.qa.QaEvaluation;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm eval}. */
@Command(
    name = "eval",
    description = {
      "Measures answers on questions whose answers are known.",
      "",
      "FOLDER is what 'realm finetune' made: it answers all questions, and exact match, F1, recall"
          + " of answers and gold passages among the first 1, 5 and 20, the best that the reader"
          + " could do, calibration and seconds a question are printed, with counts and 95 %%"
          + " intervals. With --predictions FILE answers from anywhere are measured instead.",
      "",
      "--bm25 and --compare add further runs over the same questions, and how much better the first"
          + " one is, paired question by question."
    },
    footer = {
      "",
      "JSON keys: questions, runs (a list of name, questions, verdicts, measures, calibration,"
          + " seconds_median, seconds_p90), gains (of the first run: over, difference, low, high,"
          + " right_here_alone, right_there_alone). Measures are shares, from 0 to 1.",
      "",
      "Examples: realm eval mine --questions test.jsonl --bm25",
      "          realm eval --predictions answers.jsonl --questions test.jsonl"
    })
final class EvalCommand implements Runnable {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "FOLDER",
      description = "What 'realm finetune' made.")
  private @Nullable Path folder;

  @Option(
      names = "--predictions",
      paramLabel = "FILE",
      description = "Answers to measure instead of a model's: ORQA's JSON lines, SQuAD's, or TSV.")
  private @Nullable Path predictions;

  @Mixin private QuestionsOption questionsOption;
  @Mixin private AskingOptions options;

  @Option(names = "--output", paramLabel = "FILE", description = "Write the model's answers here.")
  private @Nullable Path output;

  @Option(
      names = "--predictions-format",
      paramLabel = "FORMAT",
      defaultValue = "json-lines",
      description = {
        "Of --output: json-lines ({\"question\", \"prediction\"}, the default), squad (by the"
            + " questions' ids) or tsv."
      })
  private Predictions.Format predictionsFormat;

  @Option(names = "--bm25", description = "Also measure BM25 with the same reader: the baseline.")
  private boolean bm25;

  @Option(
      names = "--bm25-scale",
      paramLabel = "X",
      defaultValue = "1",
      converter = Numbers.PositiveReal.class,
      description = {
        "What BM25's scores are multiplied with before they are added to the reader's."
            + " Default: 1."
      })
  private float bm25Scale;

  @Option(
      names = "--compare",
      paramLabel = "PATH",
      description = "Also measure another folder, or a file of predictions.")
  private @Nullable Path compare;

  @Mixin private SeedOption seed;
  @Mixin private ComputeOptions compute;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    checkUse();
    QuestionSet questions = questionsOption.read(spec.commandLine().getErr());
    if (output != null) {
      checkIds(questions, output);
    }
    List<EvaluatedRun> runs = new ArrayList<>();
    if (folder != null) {
      measure(folder, questions, bm25, runs);
    } else if (predictions != null) {
      runs.add(judge(predictions, questions));
    }
    EvaluatedRun first = runs.getFirst();
    if (output != null) {
      write(first, output);
    }
    if (compare != null) {
      if (Files.isDirectory(compare)) {
        measure(compare, questions, false, runs);
      } else {
        runs.add(judge(compare, questions));
      }
    }
    runs.forEach(run -> run.print(out, seed.value()));
    List<EvaluatedRun> others = runs.subList(1, runs.size());
    others.forEach(other -> first.printGain(other, out, seed.value()));

    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("questions", questions.size());
    figures.put("runs", runs.stream().map(run -> run.figures(seed.value())).toList());
    figures.put(
        "gains", others.stream().map(other -> first.gainFigures(other, seed.value())).toList());
    json.write(figures);
  }

  private void checkUse() {
    if ((folder == null) == (predictions == null)) {
      throw new ParameterException(
          spec.commandLine(), "expected either FOLDER or --predictions FILE");
    }
    if (folder == null && (bm25 || output != null)) {
      throw new ParameterException(
          spec.commandLine(), "--bm25 and --output need a FOLDER that answers");
    }
  }

  /** What would fail after all questions were answered fails now. */
  private void checkIds(QuestionSet questions, Path file) {
    if (predictionsFormat == Predictions.Format.SQUAD
        && questions.questions().stream().anyMatch(q -> q.id() == null)) {
      throw new RealmException.BadInput(
          "%s: squad names answers by the questions' ids, but some questions of %s have none"
              .formatted(file, questions.description()));
    }
  }

  private static EvaluatedRun judge(Path file, QuestionSet questions) {
    return new EvaluatedRun(
        file.toString(), Evaluation.judge(questions, Predictions.read(file)), new double[0]);
  }

  private void measure(Path dir, QuestionSet questions, boolean withBm25, List<EvaluatedRun> runs) {
    try (AnsweringFolder model = AnsweringFolder.open(dir, compute)) {
      runs.add(measure(dir.toString(), model, model.answerer(), questions));
      if (withBm25) {
        try (Bm25 index = model.bm25()) {
          Answerer answerer = model.answerer(index, bm25Scale);
          runs.add(measure("BM25 + the same reader", model, answerer, questions));
        }
      }
    }
  }

  private EvaluatedRun measure(
      String name, AnsweringFolder model, Answerer answerer, QuestionSet questions) {
    PrintWriter err = spec.commandLine().getErr();
    AnswerMatcher matcher = new AnswerMatcher(AnswerMatcher.Mode.NORMALISED);
    double[] seconds = new double[questions.size()];
    long[] last = {System.nanoTime()};
    List<Outcome> outcomes;
    try (ProgressBar bar = ProgressBar.on(err, "answer questions", questions.size())) {
      outcomes =
          new QaEvaluation(answerer, model.store(), matcher)
              .run(
                  model.session(),
                  questions,
                  options.asking(),
                  (done, all) -> {
                    long now = System.nanoTime();
                    seconds[done - 1] = (now - last[0]) * 1e-9;
                    last[0] = now;
                    bar.moveTo(done);
                  });
    }
    if (matcher.gaveUp() > 0) {
      err.printf(
          "realm: warning: %,d matches of regular expressions took too long and count as none%n",
          matcher.gaveUp());
    }
    // The first time holds the search for answers in the corpus too.
    return new EvaluatedRun(name, outcomes, Arrays.copyOfRange(seconds, 1, seconds.length));
  }

  private void write(EvaluatedRun run, Path file) {
    boolean byId = predictionsFormat == Predictions.Format.SQUAD;
    Map<String, String> answers = new LinkedHashMap<>();
    for (Outcome outcome : run.outcomes()) {
      Question question = outcome.question();
      String key = byId ? question.id() : question.text();
      String prediction = outcome.prediction();
      if (key != null && prediction != null) {
        answers.put(key, prediction);
      } else if (key != null && byId) {
        answers.put(key, ""); // how SQuAD 2.0 writes that there is no answer
      }
    }
    new Predictions(byId ? Predictions.Key.ID : Predictions.Key.QUESTION, answers)
        .write(file, predictionsFormat);
  }
}
