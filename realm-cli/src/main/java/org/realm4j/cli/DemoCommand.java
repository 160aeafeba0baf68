package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.realm4j.Realm;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.corpus.WordNet;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Backend;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;
import org.realm4j.train.OptimizerSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The whole length of REALM on real text, with what it changed. */
@Command(
    name = "demo",
    description = {
      "Pre-trains a REALM on WordNet's named instances and shows what retrieval adds.",
      "",
      "Fetches MiniLM and WordNet by their Maven coordinates, embeds the corpus,",
      "warms up the retriever (inverse cloze task) and the encoder (masked spans),",
      "then trains both together while the index is refreshed. Held-out masked",
      "spans are measured before and after, beside a control of as many steps",
      "whose retriever stays frozen, and beside BM25.",
      "",
      "Then fine-tunes on 400 questions about WordNet and answers 300 others,",
      "beside BM25 with the same reader and beside the model as it was before",
      "pre-training. What it learned is left in a folder for 'realm ask'; on a",
      "terminal it goes on to answer what you type.%n",
    },
    footerHeading = "%nKeys of --json:%n",
    footer = {
      "  seconds, peakRssMiB, refreshes, passages, heldOutSpans,",
      "  spansInAnotherPassage (a share),",
      "  jointMinusControl {mean, standardError, spans},",
      "  bm25 {recall1, recall5, recall20},",
      "  before, after, control {spanLogLikelihood, spanLogLikelihoodNull,",
      "    nullProbability, spanAccuracy, recall1, recall5, recall20};",
      "  with questions also qaSeconds,",
      "  qa, qaBm25, qaWithoutPretraining {questions, em, f1,",
      "    recall1, recall5, recall20 (of the gold passage, if named),",
      "    answerRecall1, answerRecall5, answerRecall20, oracle, intervals {the same:",
      "    [low, high]}, withoutMatch, trainingSeconds, testSeconds},",
      "  qaMinusBm25, qaMinusWithoutPretraining {em, ..., oracle, intervals}"
    })
final class DemoCommand implements Runnable {
  private static final int QUICK_PASSAGES = 2_000;
  private static final int BATCH = 4;
  private static final int CANDIDATES = 8;
  private static final long SENTENCE = 30; // tokens of a query, roughly
  private static final long STEP_TOKENS = 4_000; // at once; some 600 MB of activations

  @Spec private CommandSpec spec;

  @Option(
      names = "--quick",
      description = "Fewer passages, steps and questions: six minutes on two cores.")
  private boolean quick;

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      description = "Your own passages, lines of {\"title\", \"text\"}, instead of WordNet.")
  private @Nullable Path jsonl;

  @Option(
      names = "--max-passages",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Every n-th passage only, N in all (with --quick: 2,000 by default).")
  private int maxPassages;

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps of joint pre-training.")
  private int steps;

  @Option(
      names = "--warm-up-steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps of the encoder alone.")
  private int warmUpSteps;

  @Option(
      names = "--cloze-steps",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = "Steps of the inverse cloze task.")
  private int clozeSteps = -1;

  @Option(
      names = "--refresh-every",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps between two snapshots for the index.")
  private int refreshEvery;

  @Option(
      names = "--held-out",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Masked spans to measure.")
  private int heldOut;

  @Option(
      names = "--null",
      paramLabel = "KIND",
      defaultValue = "empty-passage",
      description = "The null document: empty-passage (the default) or free-vector.")
  private RealmConfig.NullDocument nullDocument;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = {
        "Leaves the trained model there, with its corpus and index; by default, if it answers",
        "questions, in demo or demo-quick of the cache."
      })
  private @Nullable Path output;

  @Mixin private QuestionOptions asked;
  @Mixin private SeedOption seed;
  @Mixin private ComputeOptions compute;
  @Mixin private CacheOption cache;
  @Mixin private JsonOption json;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (TemporaryFolder work = new TemporaryFolder("realm-demo")) {
      DemoQuestions questions = asked.questions(jsonl == null, quick, work.path());
      Path folder = output;
      if (questions != null && folder == null) {
        folder = cache.artifacts(err).cache().resolve(quick ? "demo-quick" : "demo");
      }
      run(work.path(), questions, folder, out, err);
      if (questions != null && folder != null) {
        converse(folder, out, err);
      }
    }
  }

  /** Answers what is typed, if somebody can type. */
  private static void converse(Path folder, PrintWriter out, PrintWriter err) {
    out.printf("Ask it more: ./realm ask %s%n", folder);
    out.flush();
    if (Terminal.stdin()) {
      try (Realm realm = Realm.open(folder)) {
        new Conversation(realm::ask, out, err, Terminal.colour()).run(Conversation.stdin());
      }
    }
  }

  /**
   * All but the conversation.
   *
   * @param folder where the trained model is left, if anywhere
   */
  private void run(
      Path work,
      @Nullable DemoQuestions questions,
      @Nullable Path folder,
      PrintWriter out,
      PrintWriter err) {
    long begun = System.nanoTime();
    RealmModel model = RealmModel.fromBert(cache.miniLm(err), nullDocument, seed.value());
    Set<String> wanted = questions == null ? Set.of() : questions.goldPassages();
    try (PassageStore store = store(work.resolve("corpus"), model.tokenizer(), wanted, err)) {
      Backend backend = compute.backend();
      out.printf(
          "%,d passages, %,d wordpieces; %s, %d threads%n",
          store.size(), store.wordpieces(), backend.describe(), compute.threads());
      out.flush();
      QaExperiment.Plan asking =
          questions == null ? null : asked.plan(questions, store, quick, seed.value());
      Path start = work.resolve("start");
      Experiment experiment =
          new Experiment(plan(store), model, store, backend, compute.threads(), err);
      Experiment.Outcome outcome =
          experiment.run(asking == null ? beginning -> {} : beginning -> beginning.save(start));
      DemoReport report = new DemoReport(experiment, outcome, store);
      report.print(out);
      Map<String, Object> figures = report.json();
      if (asking != null && folder != null) {
        figures.putAll(ask(asking, experiment, outcome.trained(), start, folder));
      } else if (folder != null) {
        RealmFolder.publish(folder, outcome.trained());
      }
      double seconds = Seconds.since(begun);
      Long peak = DemoReport.peakMemory();
      out.printf(
          Locale.ROOT,
          "%n%.0f s, peak memory %s MiB%n",
          seconds,
          peak == null ? "unknown" : peak.toString());
      if (folder != null) {
        out.printf("The trained model is in %s%n", folder);
      }
      out.flush();
      figures.put("seconds", seconds);
      figures.put("peakRssMiB", peak);
      json.write(figures);
    }
  }

  /** Fine-tunes, asks, tells, and leaves the model; gives the figures. */
  private Map<String, Object> ask(
      QaExperiment.Plan asking,
      Experiment experiment,
      RealmFolder.Parts trained,
      Path start,
      Path folder) {
    long begun = System.nanoTime();
    try (QaExperiment qa =
        new QaExperiment(
            asking,
            trained.store(),
            compute.backend(),
            compute.threads(),
            spec.commandLine().getErr())) {
      QaExperiment.Rows rows =
          qa.run(
              trained,
              start,
              experiment.training(),
              experiment.occurrences(),
              answering -> RealmFolder.publish(folder, answering));
      QaReport report = new QaReport(asking, rows, Seconds.since(begun));
      report.print(spec.commandLine().getOut());
      return report.json();
    }
  }

  private Experiment.Plan plan(PassageStore store) {
    int stepCount = steps > 0 ? steps : quick ? 15 : 80;
    // Two generations come to be searched: that of step n/3 from 2n/3 on, and that one's successor.
    int every = refreshEvery > 0 ? refreshEvery : Math.max(1, (stepCount - 1) / 3);
    Pretraining pretraining =
        Pretraining.steps(stepCount)
            .batch(BATCH)
            .accumulate(parts(store))
            .candidates(CANDIDATES)
            .refreshEvery(every)
            .rates(Pretraining.Rates.shortRun())
            .optimizer(OptimizerSettings.adamW())
            .linearDecay(false)
            .dropout(0)
            .seed(seed.value());
    return new Experiment.Plan(
        clozeSteps >= 0 ? clozeSteps : quick ? 6 : 30,
        32,
        warmUpSteps > 0 ? warmUpSteps : quick ? 90 : 550,
        pretraining,
        heldOut > 0 ? heldOut : quick ? 60 : 200,
        0.1f,
        1.5);
  }

  /** Parts of a batch that keep a step's tokens, and with them its memory, within the heap. */
  private static int parts(PassageStore store) {
    long passage = store.wordpieces() / store.size();
    long query = CANDIDATES * (2 * passage + SENTENCE);
    return (int) Math.clamp(Math.ceilDiv(BATCH * query, STEP_TOKENS), 1L, (long) BATCH);
  }

  private PassageStore store(
      Path folder, WordPiece tokenizer, Set<String> wanted, PrintWriter err) {
    Corpus source =
        jsonl != null
            ? Corpus.jsonLines(jsonl)
            : WordNet.namedInstances(cache.artifacts(err).fetch(Artifacts.WORDNET));
    int limit = maxPassages > 0 ? maxPassages : quick ? QUICK_PASSAGES : Integer.MAX_VALUE;
    List<Passage> passages = new ArrayList<>();
    source.forEach(passages::add);
    return PassageStore.build(
        folder,
        Corpus.of(CorpusSample.of(passages, limit, wanted)),
        tokenizer,
        PassageStore.DEFAULT_LIMIT);
  }
}
