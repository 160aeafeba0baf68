package org.realm4j.qa;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.realm4j.io.RealmException;
import org.realm4j.train.OptimizerSettings;

/**
 * The settings of fine-tuning on questions (ORQA, Lee et al. 2019, section 5). Immutable; each
 * method gives changed ones.
 *
 * <pre>{@code
 * FineTuning.steps(2_000).batch(4).rates(FineTuning.Rates.shortRun())
 * }</pre>
 */
public final class FineTuning {
  private long steps;
  private int batch = 1;
  private int accumulate = 1;
  private int retrieved = 5_000;
  private int read = 5;
  private AnswerMatcher.Mode matching = AnswerMatcher.Mode.NORMALISED;
  private Supervision supervision = Supervision.ANSWER;
  private Rates rates = Rates.released();
  private boolean linearDecay = true;
  private OptimizerSettings optimizer = OptimizerSettings.bert();
  private float dropout = 0.1f;
  private long seed = 1;

  /** Which retrieved passages count as evidence. */
  public enum Supervision {
    /** Those that hold an answer: distant supervision, as in the released code. */
    ANSWER,
    /** The gold passage where a question names one, else those that hold an answer. */
    GOLD_PASSAGE
  }

  /**
   * Learning rates.
   *
   * @param reader of the reader's BERT
   * @param spans of what comes after it, which starts from nothing
   * @param retriever of the query tower's BERT
   * @param projection of what comes after it
   */
  public record Rates(float reader, float spans, float retriever, float projection) {
    public Rates {
      if (!(reader >= 0 && spans >= 0 && retriever >= 0 && projection >= 0)) {
        throw new RealmException.BadInput(
            "learning rates: expected none below 0, found %s, %s, %s and %s"
                .formatted(reader, spans, retriever, projection));
      }
    }

    /** 1e-5 for all, as the released code has it, for hundreds of thousands of steps. */
    public static Rates released() {
      return new Rates(1e-5f, 1e-5f, 1e-5f, 1e-5f);
    }

    /** For some hundred or thousand steps from a small BERT. */
    public static Rates shortRun() {
      return new Rates(1e-4f, 1e-3f, 2e-5f, 2e-4f);
    }
  }

  private FineTuning() {}

  private FineTuning(FineTuning from) {
    steps = from.steps;
    batch = from.batch;
    accumulate = from.accumulate;
    retrieved = from.retrieved;
    read = from.read;
    matching = from.matching;
    supervision = from.supervision;
    rates = from.rates;
    linearDecay = from.linearDecay;
    optimizer = from.optimizer;
    dropout = from.dropout;
    seed = from.seed;
  }

  private FineTuning with(Consumer<FineTuning> change) {
    FineTuning changed = new FineTuning(this);
    change.accept(changed);
    changed.check();
    return changed;
  }

  private void check() {
    if (steps < 0 || batch < 1 || accumulate < 1 || accumulate > batch) {
      throw new RealmException.BadInput(
          "fine-tuning: expected steps >= 0 and batch >= accumulate >= 1, found %d, %d, %d"
              .formatted(steps, batch, accumulate));
    }
    if (read < 1 || retrieved < read) {
      throw new RealmException.BadInput(
          "fine-tuning: expected passages retrieved >= passages read >= 1, found %d and %d"
              .formatted(retrieved, read));
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new RealmException.BadInput(
          "fine-tuning: expected dropout in [0, 1), found " + dropout);
    }
  }

  /**
   * The released code's settings: a question a step, the retriever's loss over the top 5,000, the
   * reader's over the top 5, rates of 1e-5 with BERT's schedule and optimiser, dropout 0.1.
   */
  public static FineTuning steps(long steps) {
    return new FineTuning().with(s -> s.steps = steps);
  }

  /** Updates in all. */
  public long steps() {
    return steps;
  }

  /** Questions a step. */
  public int batch() {
    return batch;
  }

  public FineTuning batch(int questions) {
    return with(s -> s.batch = questions);
  }

  /** Parts that a batch is computed in, one after another, to save memory. */
  public int accumulate() {
    return accumulate;
  }

  public FineTuning accumulate(int parts) {
    return with(s -> s.accumulate = parts);
  }

  /** Passages in the retriever's loss. */
  public int retrieved() {
    return retrieved;
  }

  public FineTuning retrieved(int passages) {
    return with(s -> s.retrieved = passages);
  }

  /** Passages that are read. */
  public int read() {
    return read;
  }

  public FineTuning read(int passages) {
    return with(s -> s.read = passages);
  }

  /** What counts as an occurrence of an answer. */
  public AnswerMatcher.Mode matching() {
    return matching;
  }

  public FineTuning matching(AnswerMatcher.Mode mode) {
    return with(s -> s.matching = mode);
  }

  public Supervision supervision() {
    return supervision;
  }

  public FineTuning supervision(Supervision kind) {
    return with(s -> s.supervision = kind);
  }

  public Rates rates() {
    return rates;
  }

  public FineTuning rates(Rates learningRates) {
    return with(s -> s.rates = learningRates);
  }

  /** Whether rates fall to 0 at the last step. */
  public boolean linearDecay() {
    return linearDecay;
  }

  public FineTuning linearDecay(boolean falling) {
    return with(s -> s.linearDecay = falling);
  }

  public OptimizerSettings optimizer() {
    return optimizer;
  }

  public FineTuning optimizer(OptimizerSettings settings) {
    return with(s -> s.optimizer = settings);
  }

  public float dropout() {
    return dropout;
  }

  public FineTuning dropout(double rate) {
    return with(s -> s.dropout = (float) rate);
  }

  public long seed() {
    return seed;
  }

  public FineTuning seed(long number) {
    return with(s -> s.seed = number);
  }

  /** All settings by name. */
  public Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("steps", steps);
    json.put("batch", batch);
    json.put("accumulate", accumulate);
    json.put("retrieved", retrieved);
    json.put("read", read);
    json.put("matching", matching.name().toLowerCase(Locale.ROOT));
    json.put("supervision", supervision.name().toLowerCase(Locale.ROOT));
    json.put("reader_rate", rates.reader());
    json.put("spans_rate", rates.spans());
    json.put("retriever_rate", rates.retriever());
    json.put("projection_rate", rates.projection());
    json.put("linear_decay", linearDecay);
    json.put("optimizer", optimizer.toJson());
    json.put("dropout", dropout);
    json.put("seed", seed);
    return json;
  }
}
