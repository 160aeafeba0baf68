package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.corpus.WordNet;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.Pretraining;
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
      "whose retriever stays frozen, and beside BM25.%n",
    },
    footerHeading = "%nKeys of --json:%n",
    footer = {
      "  seconds, peakRssMiB, refreshes, passages, heldOutSpans,",
      "  spansInAnotherPassage (a share),",
      "  jointMinusControl {mean, standardError, spans},",
      "  bm25 {recall1, recall5, recall20},",
      "  before, after, control {spanLogLikelihood, spanLogLikelihoodNull,",
      "    nullProbability, spanAccuracy, recall1, recall5, recall20}"
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
      description = "Fewer passages and steps: under three minutes on two cores.")
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

  @Option(names = "--output", paramLabel = "DIR", description = "Keeps the trained model there.")
  private @Nullable Path output;

  @Mixin private SeedOption seed;
  @Mixin private ComputeOptions compute;
  @Mixin private CacheOption cache;
  @Mixin private JsonOption json;

  @Override
  public void run() {
    long begun = System.nanoTime();
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Backend backend = compute.backend();
    Path bert = cache.miniLm(err);
    RealmModel model = RealmModel.fromBert(bert, nullDocument, seed.value());
    try (TemporaryFolder work = new TemporaryFolder("realm-demo");
        PassageStore store = store(work.path(), model.tokenizer(), err)) {
      out.printf(
          "%,d passages, %,d wordpieces; %s, %d threads%n",
          store.size(), store.wordpieces(), backend.describe(), compute.threads());
      out.flush();
      Experiment experiment =
          new Experiment(plan(store), model, store, backend, compute.threads(), err);
      Experiment.Outcome outcome = experiment.run();
      double seconds = (System.nanoTime() - begun) * 1e-9;
      DemoReport report = new DemoReport(experiment, outcome, store, seconds);
      report.print(out);
      json.write(report.json());
      if (output != null) {
        outcome.model().save(output);
        err.println("realm: the trained model is in " + output);
      }
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

  private PassageStore store(Path folder, WordPiece tokenizer, PrintWriter err) {
    Corpus source =
        jsonl != null
            ? Corpus.jsonLines(jsonl)
            : WordNet.namedInstances(cache.artifacts(err).fetch(Artifacts.WORDNET));
    int limit = maxPassages > 0 ? maxPassages : quick ? QUICK_PASSAGES : Integer.MAX_VALUE;
    List<Passage> passages = new ArrayList<>();
    source.forEach(passages::add);
    return PassageStore.build(
        folder, Corpus.of(sample(passages, limit)), tokenizer, PassageStore.DEFAULT_LIMIT);
  }

  /** Every n-th passage, in order, so that a part of the corpus is of all kinds. */
  private static List<Passage> sample(List<Passage> passages, int limit) {
    if (passages.size() <= limit) {
      return passages;
    }
    List<Passage> some = new ArrayList<>();
    for (int i = 0; i < limit; i++) {
      some.add(passages.get((int) ((long) i * passages.size() / limit)));
    }
    return some;
  }
}
