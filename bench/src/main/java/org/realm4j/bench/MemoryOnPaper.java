package org.realm4j.bench;

import java.util.List;
import java.util.Locale;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.pretrain.StepOnPaper;

/** What a pre-training step needs by its formulas: memory that backward needs, and operations. */
final class MemoryOnPaper {
  /** So many floats for something. */
  record Term(String name, long floats) {
    double mebibytes() {
      return 4.0 * floats / (1 << 20);
    }
  }

  private MemoryOnPaper() {}

  /** All terms in one line, in MiB. */
  static String describe(List<Term> terms) {
    return String.join(
        " + ",
        terms.stream()
            .map(t -> String.format(Locale.ROOT, "%s %.0f", t.name, t.mebibytes()))
            .toList());
  }

  /** Of one embedder, one encoder and a null vector, for one batch. */
  static List<Term> step(BertConfig c, RealmBatch b) {
    StepOnPaper step = onPaper(c, b);
    long parameters = StepOnPaper.parameters(step.model());
    return List.of(
        new Term("parameters", parameters),
        new Term("gradients", parameters),
        new Term("moments", 2 * parameters),
        new Term("activations", step.activations()),
        new Term("head", step.head()));
  }

  /** 10^9 operations of a step: forward once, backward twice as much. */
  static double stepGflop(BertConfig c, RealmBatch b) {
    return 1e-9 * onPaper(c, b).operations();
  }

  private static StepOnPaper onPaper(BertConfig c, RealmBatch b) {
    int limit = c.positions() / 2; // the batch's own lengths are what counts
    RealmConfig model =
        new RealmConfig(c, EmbedderConfig.realm(), c, true, NullDocument.FREE_VECTOR, limit, limit);
    return new StepOnPaper(model, b.queries(), b.documents(), b.joint(), b.masks());
  }
}
