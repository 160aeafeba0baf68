package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.qa.FineTuning;
import org.realm4j.tensor.Backend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code realm experiment open-qa}. */
@Command(
    name = "open-qa",
    description = {
      "What REALM's pre-training is worth for answering questions from a corpus.",
      "",
      "Four retrievers and readers are fine-tuned on the same questions and evaluated on the same"
          + " dev questions: bm25 (BM25, the reader from MiniLM), minilm (MiniLM with a projection),"
          + " ict (after the inverse cloze task), realm (after REALM pre-training: the task, a"
          + " warm-up of the encoder, joint training). What they share is made once.",
      "",
      "First it measures the machine for half a minute and prints what each stage will cost. Every"
          + " stage leaves its result or checkpoints in OUTPUT: stopped by Ctrl-C, kill -9 or a"
          + " power cut, the same command goes on where it was, and gives the same results."
          + " OUTPUT/log.txt tells how far it is, OUTPUT/records.jsonl has the figures of each"
          + " finished stage, and 'realm experiment report OUTPUT' makes tables of them.%n"
    },
    footerHeading = "%nKeys of OUTPUT/records.jsonl, one object a stage:%n",
    footer = {
      "  stage, settings (what its result depends on), seconds, tokens, tokens_per_second;",
      "  training: loss or log_likelihood and the like, means over twentieths of the steps;",
      "  fine-tuned-*: questions_seen, without_match_in_retrieved, without_match_in_read,",
      "    retriever_loss, reader_loss (means over the questions with a match), row, command;",
      "  retrieved-* (before fine-tuning): questions, measures, row, set;",
      "  evaluated-*: questions, verdicts, measures {NAME: mean, sum, questions, low, high},",
      "    calibration, short_answers (the same for answers that the reader can give),",
      "    question_seconds_median, question_seconds_p90, row, set, trained_on, command.",
      "  OUTPUT/evaluated-*/generation-*/outcomes.jsonl has a line for each question.",
      "",
      "Example: nohup ./realm experiment open-qa --data wiki10k --output run > run.txt 2>&1 &"
    })
final class OpenQaCommand implements Runnable {
  /** Some three minutes on two cores. */
  private static final int EMBED_EVERY = 10_000;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      required = true,
      description = {
        "passages.jsonl (id, title, text) and questions.{train,dev}.jsonl (question, answer, passage:"
            + " the id of the gold passage) or sets of them, questions.NAME.{train,dev}.jsonl;"
            + " plain or .gz."
      })
  private Path data;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Where everything goes; one for each corpus.")
  private Path output;

  @Option(
      names = "--rows",
      paramLabel = "ROW",
      split = ",",
      description = "Of bm25, minilm, ict, realm. Default: all.")
  private List<OpenQaRow> rows = List.of(OpenQaRow.values());

  @Option(
      names = "--best",
      paramLabel = "ROW",
      description = {
        "This row alone, which is also left as a folder that 'realm ask' opens (not bm25)."
      })
  private @Nullable OpenQaRow best;

  @Option(
      names = "--train-questions",
      paramLabel = "N",
      converter = QuestionBudget.Converter.class,
      description = {
        "Questions to train on, each once, every n-th of those that there are: a number, 'all', or"
            + " for several sets NAME=N,NAME=N. Default: 8000 of each set."
      })
  private QuestionBudget trainQuestions = QuestionBudget.parse("8000");

  @Option(
      names = "--max-dev",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Evaluate on every n-th dev question only, N of each set. Default: all.")
  private int maxDev = Integer.MAX_VALUE;

  @Option(
      names = "--projection",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = {
        "The size of the vectors of all rows but bm25; at most MiniLM's 384. Default: 128, as in"
            + " the paper."
      })
  private @Nullable Integer projection;

  @Option(
      names = "--cloze-steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps of the inverse cloze task. Default: 200.")
  private int clozeSteps = 200;

  @Option(
      names = "--cloze-batch",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Sentences a step of it. Default: 32.")
  private int clozeBatch = 32;

  @Option(
      names = "--warm-up-steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps of the encoder's warm-up, at most. Default: 300.")
  private int warmUpSteps = 300;

  @Option(
      names = "--warm-up-until",
      paramLabel = "NATS",
      converter = Numbers.PositiveReal.class,
      description = {
        "End it before, when a passage that holds the span raises the span's log-likelihood by so"
            + " much. Joint training needs about 3."
      })
  private @Nullable Float warmUpUntil;

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps of joint pre-training, of 4 queries. Default: 200.")
  private int steps = 200;

  @Option(
      names = "--batch",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Questions a step of fine-tuning. Default: 4.")
  private int batch = 4;

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Parts that such a step is computed in, to save memory. Default: 2.")
  private int accumulate = 2;

  @Option(
      names = "--retrieved",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Passages in the retriever's loss. Default: 5000.")
  private int retrieved = 5_000;

  @Option(
      names = "--read",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Passages that are read for a question. Default: 5.")
  private int read = 5;

  @Option(
      names = "--supervision",
      paramLabel = "KIND",
      description = {
        "Which retrieved passages count as evidence in training: answer (those that hold one, the"
            + " default) or gold-passage."
      })
  private FineTuning.Supervision supervision = FineTuning.Supervision.ANSWER;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps, or dev questions, between two checkpoints. Default: 100.")
  private int checkpointEvery = 100;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "A BERT or sentence encoder to start from instead of MiniLM.")
  private @Nullable Path model;

  @Option(names = "--plan", description = "Only print what each stage will cost.")
  private boolean plan;

  @Mixin private SeedOption seed;
  @Mixin private ComputeOptions compute;
  @Mixin private CacheOption cache;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    if (best == OpenQaRow.BM25) {
      throw new ParameterException(
          spec.commandLine(), "--best: expected minilm, ict or realm, found bm25");
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    OpenQaData questions = OpenQaData.in(data);
    Backend backend = compute.backend();
    Path bert = model == null ? cache.miniLm(err) : ModelFolder.existing(model);
    List<OpenQaRow> chosen = best == null ? rows : List.of(best);
    try (ExperimentFolder folder = new ExperimentFolder(output, err);
        PassageStore store = corpus(folder, questions, bert)) {
      OpenQaContext context =
          new OpenQaContext(folder, store, bert, settings(), backend, compute.threads(), err);
      OpenQaExperiment experiment = new OpenQaExperiment(context, questions, command());
      out.printf(
          "%s, %,d training questions; %s, %d threads%n",
          store.describe(), experiment.training().size(), backend.describe(), compute.threads());
      OpenQaCost cost = new OpenQaCost(context, questions, experiment);
      OpenQaCost.Speed speed = cost.speed(plan);
      OpenQaCost.print(out, speed, cost.lines(chosen, speed));
      if (!plan) {
        chosen.forEach(experiment::run);
        if (best != null) {
          out.printf("%nrealm ask %s%n", experiment.answering(best));
        }
        out.printf("%nrealm experiment report %s%n", output);
      }
    }
  }

  private OpenQaSettings settings() {
    return new OpenQaSettings(
        trainQuestions,
        maxDev,
        projection,
        clozeSteps,
        clozeBatch,
        warmUpSteps,
        warmUpUntil,
        steps,
        batch,
        accumulate,
        retrieved,
        read,
        supervision,
        checkpointEvery,
        EMBED_EVERY,
        seed.value());
  }

  private static PassageStore corpus(ExperimentFolder folder, OpenQaData data, Path bert) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("source", data.corpus().describe());
    settings.put("bytes", size(data.passages()));
    settings.put("limit", PassageStore.DEFAULT_LIMIT);
    Path built =
        folder.stage(
            "corpus",
            settings,
            result -> {
              try (PassageStore store =
                  PassageStore.build(
                      result.resolve("store"),
                      data.corpus(),
                      ModelFolder.tokenizer(bert),
                      PassageStore.DEFAULT_LIMIT)) {
                Map<String, @Nullable Object> figures = new LinkedHashMap<>();
                figures.put("data", data.name());
                figures.put("passages", store.size());
                figures.put("wordpieces", store.wordpieces());
                figures.put("fingerprint", store.fingerprint());
                return figures;
              }
            });
    return PassageStore.open(built.resolve("store"));
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (java.io.IOException e) {
      throw org.realm4j.io.DiskFault.reading(file, e);
    }
  }

  /** As it was given, for whoever wants to repeat it. */
  private String command() {
    return "realm " + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
  }
}
