package org.realm4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.qa.AnswerMatcher;
import org.realm4j.qa.Answerer;
import org.realm4j.qa.Asking;
import org.realm4j.qa.Evaluation;
import org.realm4j.qa.EvaluationReport;
import org.realm4j.qa.FineTuner;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.FineTuningCheckpoint;
import org.realm4j.qa.FineTuningReport;
import org.realm4j.qa.OccurrenceIndex;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.QaEvaluation;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import org.realm4j.qa.Ranking;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/**
 * Open-domain question answering on one corpus: every row is fine-tuned on the same questions and
 * evaluated on the same dev questions. What rows share is made once.
 */
final class OpenQaExperiment {
  static final String OUTCOMES = "outcomes.jsonl";
  private static final String MODEL = "model";
  private static final String READER = "reader";

  private final OpenQaContext context;
  private final OpenQaData data;
  private final OpenQaSettings settings;
  private final PassageStore store;
  private final OpenQaPretraining pretraining;
  private final QuestionSet training;
  private final String command;

  /**
   * @param command as it was given, for the records
   */
  OpenQaExperiment(OpenQaContext context, OpenQaData data, String command) {
    this.context = context;
    this.data = data;
    this.command = command;
    settings = context.settings();
    store = context.store();
    pretraining = new OpenQaPretraining(context);
    training = data.training(settings.budget(), store);
  }

  QuestionSet training() {
    return training;
  }

  /** One row from start to end; what is done already is not done again. */
  void run(OpenQaRow row) {
    if (row != OpenQaRow.BM25) {
      data.dev().keySet().forEach(set -> retrieved(row, set));
    }
    fineTuned(row);
    for (String set : data.dev().keySet()) {
      evaluated(row, set);
    }
  }

  String fineTunedName(OpenQaRow row) {
    return context.name("fine-tuned-" + budgetName(row));
  }

  private String budgetName(OpenQaRow row) {
    boolean gold = settings.supervision() == FineTuning.Supervision.GOLD_PASSAGE;
    return Choices.word(row) + "-" + settings.budget() + (gold ? "-gold" : "");
  }

  String evaluatedName(OpenQaRow row, String set) {
    return context.name("evaluated-" + budgetName(row) + devName(set));
  }

  private String devName(String set) {
    String part = settings.maxDev() == Integer.MAX_VALUE ? "" : "-of-" + settings.maxDev();
    return "-dev" + (set.isEmpty() ? "" : "-" + set) + part;
  }

  /** What a row's retriever finds before it is fine-tuned: what pre-training alone is worth. */
  private void retrieved(OpenQaRow row, String set) {
    RealmModel model = pretraining.model(row.start());
    QuestionSet questions = data.dev(set, settings.maxDev(), store);
    Map<String, Object> on = context.dependsOn();
    on.put("model", StoredVectors.fingerprint(model));
    on.put("set", set);
    on.put("questions", questions.size());
    pretraining.index(row.start()).close(); // a stage of its own, before this one begins
    context
        .folder()
        .stage(
            context.name("retrieved-" + Choices.word(row) + devName(set)),
            on,
            result -> {
              List<Outcome> outcomes = rankings(row, model, questions);
              Map<String, @Nullable Object> figures =
                  new LinkedHashMap<>(EvaluationReport.of(outcomes, settings.seed()).toMap());
              figures.keySet().retainAll(List.of("questions", "measures"));
              figures.put("row", Choices.word(row));
              figures.put("set", set);
              return figures;
            });
  }

  private List<Outcome> rankings(OpenQaRow row, RealmModel model, QuestionSet questions) {
    AnswerMatcher matcher = new AnswerMatcher(AnswerMatcher.Mode.NORMALISED);
    OccurrenceIndex occurrences = OccurrenceIndex.of(questions, matcher, store);
    List<Outcome> outcomes = new ArrayList<>();
    try (OpenQaRetrieval retrieval = retrieval(row, model);
        Session session = context.backend().open(context.threads())) {
      for (int q = 0; q < questions.size(); q++) {
        Question question = questions.question(q);
        String gold = question.passage();
        int[] passages;
        try (Tape tape = session.infer()) {
          passages =
              retrieval
                  .retriever()
                  .retrieve(session, List.of(question.text()), QaEvaluation.DEPTH, null)
                  .passages()[0];
        }
        Ranking ranking =
            Ranking.of(occurrences, q, passages, gold == null ? -1 : store.indexOf(gold), 0);
        outcomes.add(Evaluation.judge(question, null, Double.NaN, ranking));
      }
    }
    return outcomes;
  }

  private Path fineTuned(OpenQaRow row) {
    String stage = fineTunedName(row);
    FineTuning fineTuning = fineTuning(row);
    Map<String, Object> on = context.dependsOn();
    on.put("row", Choices.word(row));
    on.put("questions", training.size());
    on.put("fine_tuning", fineTuning.toJson());
    on.put("model", StoredVectors.fingerprint(pretraining.model(row.start())));
    if (row.start() != OpenQaPretraining.Start.MINILM) {
      on.put("reader_start", "documents"); // with MiniLM, encoder and tower are the same
    }
    if (!context.folder().done(stage) && row != OpenQaRow.BM25) {
      pretraining.index(row.start()).close(); // a stage of its own, before this one begins
    }
    return context
        .folder()
        .stage(
            stage,
            on,
            result -> {
              Path unfinished = context.folder().unfinished(stage);
              Path checkpoint = unfinished.resolve("checkpoint");
              RealmModel model = pretraining.model(row.start()).withSeparateTowers();
              SpanReader reader =
                  SpanReader.from(model.documents().bert(), ReaderConfig.realm(), settings.seed());
              try (OpenQaRetrieval retrieval = retrieval(row, model);
                  FineTuner tuner =
                      new FineTuner(
                          model,
                          reader,
                          store,
                          retrieval.retriever(),
                          training,
                          fineTuning,
                          context.backend(),
                          context.threads())) {
                if (FineTuningCheckpoint.in(checkpoint)) {
                  FineTuningCheckpoint.resume(checkpoint, tuner);
                  context.folder().goesOn(stage, tuner.step());
                }
                JsonLog log =
                    JsonLog.open(
                        unfinished.resolve("steps.jsonl"),
                        line -> line.integer("step") < tuner.step());
                train(tuner, checkpoint, log, stage);
                model.save(result.resolve(MODEL));
                reader.save(result.resolve(READER));
                return trained(row, log.lines());
              }
            });
  }

  /** A ranking that does not learn has no loss, so that only what is read needs to be ranked. */
  private FineTuning fineTuning(OpenQaRow row) {
    FineTuning all = settings.fineTuning(training.size(), store);
    return row == OpenQaRow.BM25 ? all.retrieved(all.read()) : all;
  }

  private OpenQaRetrieval retrieval(OpenQaRow row, RealmModel model) {
    return row == OpenQaRow.BM25
        ? OpenQaRetrieval.bm25(store, training.questions())
        : OpenQaRetrieval.dense(model, pretraining.index(row.start()));
  }

  private void train(FineTuner tuner, Path checkpoint, JsonLog log, String stage) {
    long steps = tuner.settings().steps();
    long tell = Math.max(1, Math.min(50, steps / 20));
    while (tuner.step() < steps) {
      log.add(line(tuner.runStep()));
      long done = tuner.step();
      if (done % tell == 0 || done == steps) {
        List<JsonObject> all = log.lines();
        tell(stage, done, steps, all.subList((int) Math.max(0, all.size() - tell), all.size()));
      }
      if (done % settings.checkpointEvery() == 0 && done < steps) {
        FineTuningCheckpoint.save(checkpoint, tuner);
      }
    }
  }

  private void tell(String stage, long done, long steps, List<JsonObject> recent) {
    double questions = sum(recent, "questions");
    double matches = sum(recent, "reader_matches");
    context
        .folder()
        .say(
            String.format(
                Locale.ROOT,
                "%s: step %,d of %,d, retriever loss %.3f, reader loss %.3f of %.0f %% with a match,"
                    + " %,.0f tokens/s",
                stage,
                done,
                steps,
                perMatch(recent, "retriever"),
                perMatch(recent, "reader"),
                100 * matches / questions,
                sum(recent, "tokens") / sum(recent, "seconds")));
  }

  /** The mean loss of the questions that have one: without a match it is 0 by definition. */
  private static double perMatch(List<JsonObject> steps, String part) {
    double loss =
        steps.stream().mapToDouble(s -> s.number(part + "_loss") * s.integer("questions")).sum();
    double matches = sum(steps, part + "_matches");
    return matches == 0 ? 0 : loss / matches;
  }

  private static double sum(List<JsonObject> lines, String key) {
    return lines.stream().mapToDouble(l -> l.number(key)).sum();
  }

  private static Map<String, Object> line(FineTuningReport report) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", report.step());
    line.put("retriever_loss", report.retrieverLoss());
    line.put("reader_loss", report.readerLoss());
    line.put("questions", report.questions());
    line.put("retriever_matches", report.retrieverMatches());
    line.put("reader_matches", report.readerMatches());
    line.put("gradient_norm", report.gradientNorm());
    line.put("tokens", report.tokens());
    line.put("seconds", report.seconds());
    return line;
  }

  private Map<String, @Nullable Object> trained(OpenQaRow row, List<JsonObject> steps) {
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    figures.put("row", Choices.word(row));
    figures.put("command", command);
    figures.put("questions_seen", (long) sum(steps, "questions"));
    figures.put("without_match_in_retrieved", unmatched(steps, "retriever_matches"));
    figures.put("without_match_in_read", unmatched(steps, "reader_matches"));
    int windows = Math.min(20, steps.size());
    double[] retriever = new double[windows];
    double[] reader = new double[windows];
    for (int w = 0; w < windows; w++) {
      List<JsonObject> window =
          steps.subList(w * steps.size() / windows, (w + 1) * steps.size() / windows);
      retriever[w] = perMatch(window, "retriever");
      reader[w] = perMatch(window, "reader");
    }
    figures.put("retriever_loss", retriever);
    figures.put("reader_loss", reader);
    figures.put("tokens", (long) sum(steps, "tokens"));
    figures.put("seconds", sum(steps, "seconds"));
    return figures;
  }

  private static long unmatched(List<JsonObject> steps, String matches) {
    return (long) (sum(steps, "questions") - sum(steps, matches));
  }

  private Path evaluated(OpenQaRow row, String set) {
    String stage = evaluatedName(row, set);
    Path trained = fineTuned(row);
    QuestionSet questions = data.dev(set, settings.maxDev(), store);
    Map<String, Object> on = context.dependsOn();
    on.put("row", Choices.word(row));
    on.put("trained", fineTunedName(row));
    on.put("set", set);
    on.put("questions", questions.size());
    on.put("read", settings.read());
    return context
        .folder()
        .stage(
            stage,
            on,
            result -> {
              JsonLog log =
                  JsonLog.open(context.folder().unfinished(stage).resolve(OUTCOMES), l -> true);
              answer(row, trained, questions, log);
              Lines.write(
                  result.resolve(OUTCOMES), log.lines().stream().map(Json::format).toList());
              List<OpenQaOutcome> outcomes =
                  log.lines().stream().map(OpenQaOutcome::fromLine).toList();
              Map<String, @Nullable Object> figures = evaluation(outcomes);
              figures.put("row", Choices.word(row));
              figures.put("set", set);
              figures.put("trained_on", training.size());
              figures.put("command", command);
              say(stage, outcomes);
              return figures;
            });
  }

  private void answer(OpenQaRow row, Path trained, QuestionSet questions, JsonLog log) {
    RealmModel model = RealmModel.open(trained.resolve(MODEL));
    SpanReader reader = SpanReader.open(trained.resolve(READER));
    try (OpenQaRetrieval retrieval = retrieval(row, model);
        Session session = context.backend().open(context.threads());
        ProgressBar bar = ProgressBar.on(context.err(), "answer", questions.size())) {
      Answerer answerer = new Answerer(model, reader, store, retrieval.retriever(), 0);
      QaEvaluation evaluation =
          new QaEvaluation(answerer, store, new AnswerMatcher(AnswerMatcher.Mode.NORMALISED));
      while (log.lines().size() < questions.size()) {
        int from = log.lines().size();
        int to = Math.min(questions.size(), from + settings.checkpointEvery());
        QuestionSet part =
            new QuestionSet(questions.description(), questions.questions().subList(from, to));
        double[] seconds = new double[part.size()];
        long[] last = {0};
        List<Outcome> outcomes =
            evaluation.run(
                session,
                part,
                Asking.usual().read(settings.read()),
                (done, all) -> {
                  long now = System.nanoTime();
                  seconds[done - 1] = last[0] == 0 ? 0 : (now - last[0]) * 1e-9;
                  last[0] = now;
                  bar.moveTo(from + done);
                });
        for (int i = 0; i < seconds.length; i++) {
          log.add(OpenQaOutcome.of(outcomes.get(i), model.tokenizer(), seconds[i]).toLine());
        }
      }
    }
  }

  private Map<String, @Nullable Object> evaluation(List<OpenQaOutcome> outcomes) {
    List<Outcome> all = outcomes.stream().map(OpenQaOutcome::outcome).toList();
    Map<String, @Nullable Object> figures =
        new LinkedHashMap<>(EvaluationReport.of(all, settings.seed()).toMap());
    int width = ReaderConfig.realm().maxSpanWidth();
    List<Outcome> shorter =
        outcomes.stream()
            .filter(o -> o.pieces() > 0 && o.pieces() <= width)
            .map(OpenQaOutcome::outcome)
            .toList();
    if (!shorter.isEmpty()) {
      figures.put("short_answers", EvaluationReport.of(shorter, settings.seed()).toMap());
    }
    // The first question of a part also waited for the search for its answers.
    double[] seconds =
        outcomes.stream().mapToDouble(OpenQaOutcome::seconds).filter(s -> s > 0).sorted().toArray();
    if (seconds.length > 0) {
      figures.put("question_seconds_median", seconds[seconds.length / 2]);
      figures.put("question_seconds_p90", seconds[(int) (0.9 * (seconds.length - 1))]);
    }
    figures.put("seconds", Arrays.stream(seconds).sum());
    return figures;
  }

  private void say(String stage, List<OpenQaOutcome> outcomes) {
    EvaluationReport report =
        EvaluationReport.of(
            outcomes.stream().map(OpenQaOutcome::outcome).toList(), settings.seed());
    StringBuilder line = new StringBuilder();
    for (EvaluationReport.Measure m : report.measures()) {
      line.append(String.format(Locale.ROOT, ", %s %.2f %%", m.name(), 100 * m.mean()));
    }
    context.folder().say("%s: %,d questions%s".formatted(stage, outcomes.size(), line));
  }

  /** Leaves a row as a folder that answers questions. */
  Path answering(OpenQaRow row) {
    Path trained = fineTuned(row);
    Path folder = context.folder().path(context.name("answering-" + budgetName(row)));
    if (!RealmFolder.at(folder)) {
      try (KnowledgeIndex index = pretraining.index(row.start())) {
        RealmFolder.publish(
            folder,
            new RealmFolder.Parts(
                RealmModel.open(trained.resolve(MODEL)),
                store,
                index.vectors(),
                index.madeAtStep(),
                SpanReader.open(trained.resolve(READER))));
      }
    }
    return folder;
  }
}
