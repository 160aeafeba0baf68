package org.realm4j.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.qa.FineTuning;
import org.realm4j.train.OptimizerSettings;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What {@code realm demo} asks after pre-training, and how much it learns for that. */
final class QuestionOptions {
  private static final int BATCH = 4;
  private static final int READ = 5;
  private static final int QUICK_TEST = 100;
  private static final int RETRIEVED = 5_000;
  private static final long QUESTION = 16; // its tokens, roughly
  private static final long STEP_TOKENS = 4_000; // at once; some 600 MB of activations

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(names = "--no-questions", description = "Ends after pre-training.")
  private boolean none;

  @Option(
      names = "--questions",
      paramLabel = "FILE",
      description = {
        "Your own questions to learn from, such as lines of {\"question\", \"answer\"}, instead of",
        "those about WordNet. With --jsonl there are no others."
      })
  private @Nullable Path training;

  @Option(
      names = "--test-questions",
      paramLabel = "FILE",
      description = "Your own questions to measure; without it, every fifth of --questions.")
  private @Nullable Path test;

  @Option(
      names = "--question-steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps of fine-tuning on questions, " + BATCH + " each.")
  private int steps;

  @Option(
      names = "--reader-cloze-steps",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = "Steps that teach a reader spans on masked sentences, before the questions.")
  private int clozeSteps = -1;

  /**
   * The questions to be asked, if any.
   *
   * @param wordNet whether the corpus is WordNet
   * @param work a folder for files
   */
  @Nullable DemoQuestions questions(boolean wordNet, boolean quick, Path work) {
    if (training == null && test != null) {
      throw new ParameterException(
          spec.commandLine(), "--test-questions: expected --questions beside it, found none");
    }
    if (none && training != null) {
      throw new ParameterException(
          spec.commandLine(), "expected --questions or --no-questions, found both");
    }
    if (none || (training == null && !wordNet)) {
      return null;
    }
    if (training != null) {
      return DemoQuestions.read(training, test);
    }
    DemoQuestions bundled = DemoQuestions.bundled(work);
    return quick ? bundled.testingAtMost(QUICK_TEST) : bundled;
  }

  QaExperiment.Plan plan(DemoQuestions asked, PassageStore store, boolean quick, long seed) {
    DemoQuestions questions = asked.within(store);
    FineTuning settings =
        FineTuning.steps(steps > 0 ? steps : quick ? 60 : 250)
            .batch(BATCH)
            .accumulate(parts(store))
            .read(READ)
            .retrieved(RETRIEVED)
            .supervision(FineTuning.Supervision.GOLD_PASSAGE)
            .rates(FineTuning.Rates.shortRun())
            .optimizer(OptimizerSettings.adamW())
            .linearDecay(false)
            .dropout(0)
            .seed(seed);
    FineTuning cloze =
        FineTuning.steps(clozeSteps >= 0 ? clozeSteps : quick ? 20 : 50)
            .batch(BATCH)
            .accumulate(parts(store))
            .read(READ)
            .retrieved(READ)
            .rates(FineTuning.Rates.shortRun())
            .optimizer(OptimizerSettings.adamW())
            .linearDecay(false)
            .dropout(0)
            .seed(seed);
    return new QaExperiment.Plan(questions.training(), questions.test(), cloze, settings);
  }

  /** Parts of a batch that keep a step's tokens, and with them its memory, within the heap. */
  private static int parts(PassageStore store) {
    long passage = store.wordpieces() / store.size();
    long question = READ * (passage + QUESTION);
    return (int) Math.clamp(Math.ceilDiv(BATCH * question, STEP_TOKENS), 1L, (long) BATCH);
  }
}
