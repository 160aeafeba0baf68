package org.realm4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * p(y | z, x) of section 3.2: a BERT that reads the masked sentence and a passage together, [CLS] x
 * [SEP] z [SEP], and predicts what stood at the masks.
 */
public final class KnowledgeAugmentedEncoder {
  private final Bert bert;
  private final MlmHead head;

  /** Names as in Hugging Face's RealmKnowledgeAugEncoder for the prefix {@code "realm."}. */
  public KnowledgeAugmentedEncoder(BertConfig config, String prefix, Weights weights) {
    bert = new Bert(config, prefix, weights);
    head = new MlmHead(bert, "cls.", weights);
  }

  public Bert bert() {
    return bert;
  }

  public MlmHead head() {
    return head;
  }

  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(bert.parameters());
    all.addAll(head.parameters());
    return all;
  }

  /**
   * log p(y_j | z, x) at the masked rows.
   *
   * @param rows ascending rows of the packed batch
   * @param targets what stood there, one per row
   * @return {@code [rows, 1]}
   */
  public Tensor logLikelihood(
      Session s, TokenBatch joint, int[] rows, int[] targets, @Nullable DropoutPlan dropout) {
    return head.logLikelihood(s, bert.forward(s, joint, rows, dropout), targets);
  }

  /** Logits over the vocabulary at the masked rows, {@code [rows, vocabulary]}. */
  public Tensor logits(Session s, TokenBatch joint, int[] rows) {
    return head.logits(s, bert.forward(s, joint, rows, null));
  }
}
