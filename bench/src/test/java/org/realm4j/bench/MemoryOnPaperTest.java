package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.BertOnPaper;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.KnowledgeAugmentedEncoder;
import org.realm4j.nn.Weights;
import org.realm4j.tensor.Activation;

class MemoryOnPaperTest {
  private static final BertConfig SMALL =
      new BertConfig(100, 8, 3, 2, 20, 16, 2, Activation.GELU, 1e-12f);

  @Test
  void parametersAreThoseOfTheNetworks() {
    Weights random = Weights.random(1);
    long built =
        Networks.size(new Embedder(SMALL, EmbedderConfig.realm(), "realm.", random).parameters())
            + Networks.size(new KnowledgeAugmentedEncoder(SMALL, "realm.", random).parameters())
            + 128;
    List<MemoryOnPaper.Term> terms = MemoryOnPaper.step(SMALL, RealmBatch.even(2, 3, 5, 7, 11, 2));
    assertEquals(built, terms.get(0).floats());
    assertEquals(built, terms.get(1).floats());
    assertEquals(2 * built, terms.get(2).floats());
  }

  @Test
  void activationsEqualACountByHand() {
    // embeddings: 5 tokens, normalised and result
    long byHand = 5 * (8 + 8);
    // two whole layers: query, key, value, attention, 2 statistics of 2 heads; two layer norms of
    // two arrays and a factor; GELU's argument and result
    byHand += 2 * 5 * (8 + 8 + 8 + 8 + 4 + 2 * (8 + 8 + 1) + 20 + 20);
    // the last one: keys and values of all, the rest of one row
    byHand += 5 * (8 + 8) + (8 + 8 + 4 + 2 * (8 + 8 + 1) + 20 + 20);
    assertEquals(byHand, BertOnPaper.activations(SMALL, 5, 1));
  }

  @Test
  void termsAreOneLine() {
    List<MemoryOnPaper.Term> terms =
        List.of(
            new MemoryOnPaper.Term("parameters", 3 << 18),
            new MemoryOnPaper.Term("moments", 3 << 19));
    assertEquals("parameters 3 + moments 6", MemoryOnPaper.describe(terms));
  }

  @Test
  void activationsAreThoseOfAllThreeKindsOfInput() {
    List<MemoryOnPaper.Term> terms = MemoryOnPaper.step(SMALL, RealmBatch.even(2, 3, 5, 7, 11, 2));
    long byHand =
        BertOnPaper.activations(SMALL, 2 * 5, 2)
            + BertOnPaper.activations(SMALL, 4 * 7, 4)
            + BertOnPaper.activations(SMALL, 6 * 11, 12);
    assertEquals(new MemoryOnPaper.Term("activations", byHand), terms.get(3));
    assertEquals(5, terms.size());
  }

  /** 22.4 million for each token and 23.7 million for each predicted one, three times. */
  @Test
  void trainingMiniLmTakes319GflopWhereTheLastLayerIsWhole() {
    BertConfig c = Networks.miniLm(Activation.GELU);
    int[] lengths = new int[32];
    Arrays.fill(lengths, 128);
    double forward = BertOnPaper.operations(c, lengths, lengths);
    double head = 2.0 * 32 * 19 * (384 * 384 + 384 * 30522);
    assertEquals(319, 3e-9 * (forward + head), 1);
  }
}
