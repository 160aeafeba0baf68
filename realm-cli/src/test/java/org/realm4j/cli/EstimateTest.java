package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.realm4j.cli.Estimate.Layers;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.BertOnPaper;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.Weights;
import org.realm4j.pretrain.StepOnPaper;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.text.WordPiece;

/** Counts against models that exist and against sums by hand. */
class EstimateTest {
  /** Hidden 4, two layers of 2 heads, 6 within; each size another one. */
  private static final BertConfig TINY =
      new BertConfig(
          TinyFiles.vocabulary().size(), 4, 2, 2, 6, 20, 2, Activation.GELU_TANH, 1e-12f);

  private static RealmConfig tiny(EmbedderConfig embedder, boolean shared, NullDocument document) {
    return new RealmConfig(TINY, embedder, TINY, shared, document, 5, 7);
  }

  private static EmbedderConfig embedder(
      EmbedderConfig.Pooling pooling, boolean pooler, boolean norm) {
    return new EmbedderConfig(pooling, pooler, 3, norm, 1e-12f);
  }

  private static final RealmConfig CLS =
      tiny(embedder(EmbedderConfig.Pooling.CLS, true, true), true, NullDocument.EMPTY_PASSAGE);

  @ParameterizedTest
  @CsvSource({
    "true, true, true, EMPTY_PASSAGE",
    "false, true, true, FREE_VECTOR",
    "true, false, false, FREE_VECTOR",
    "false, false, true, EMPTY_PASSAGE"
  })
  void parametersAreThoseOfAModel(
      boolean shared, boolean pooler, boolean norm, NullDocument document) {
    RealmConfig config = tiny(embedder(EmbedderConfig.Pooling.CLS, pooler, norm), shared, document);
    RealmModel model =
        RealmModel.create(config, new WordPiece(TinyFiles.vocabulary()), Weights.of(Map.of()), 1);
    List<Parameter> all = new ArrayList<>();
    model.parts().values().forEach(all::addAll);
    long built = all.stream().mapToLong(p -> (long) p.rows() * p.cols()).sum();
    assertEquals(built, StepOnPaper.parameters(config));
  }

  /** BERT-base has 109,482,240 parameters with its pooler: so its authors and others say. */
  @Test
  void paperSizesAreThoseOfBertBase() {
    RealmConfig model = EstimatePlan.paper(Map.of()).model();
    BertConfig bert = model.retriever();
    assertEquals(109_482_240, BertOnPaper.parameters(bert) + 768 * 768 + 768);
    long projection = 768 * 128 + 128 + 2 * 128;
    long head = 768 * 768 + 768 + 2 * 768 + 30_522;
    assertEquals(
        109_482_240 + projection + BertOnPaper.parameters(bert) + head,
        StepOnPaper.parameters(model));
  }

  @Test
  void operationsOfAForwardPassEqualASumByHand() {
    // a sequence of 3 tokens of which 1 row comes out; each product is 2 times its three sizes
    double whole = 0;
    whole += 4 * (2 * 3 * 4 * 4); // query, key, value, output
    whole += 2 * (2 * 3 * 3 * 4); // scores, and the weighted sum: both heads together
    whole += 2 * (2 * 3 * 4 * 6); // up and down
    double last = 0;
    last += 2 * (2 * 3 * 4 * 4); // key and value of all
    last += 2 * (2 * 1 * 4 * 4); // query and output
    last += 2 * (2 * 1 * 3 * 4);
    last += 2 * (2 * 1 * 4 * 6);
    assertEquals(whole + last, BertOnPaper.operations(TINY, new int[] {3}, new int[] {1}));
  }

  @Test
  void aStepIsItsThreeNetworksAndTheHeadThreeTimes() {
    // a query of 5, one passage of 7; [CLS] x [SEP] [SEP] of 6, with the passage 11; 2 masked
    StepOnPaper step = StepOnPaper.full(CLS, 1, 2, 2);
    double networks =
        BertOnPaper.operations(TINY, new int[] {5}, new int[] {1})
            + BertOnPaper.operations(TINY, new int[] {7}, new int[] {1})
            + BertOnPaper.operations(TINY, new int[] {6, 11}, new int[] {2, 2});
    double head = 2 * 4 * (4 * 4 + 4 * TINY.vocabulary());
    assertEquals(3 * (networks + head), step.operations());
    assertEquals(4 * networks + 3 * head, step.recomputedOperations());
  }

  @Test
  void meansNeedAllRowsOfTheLastLayer() {
    RealmConfig mean =
        tiny(embedder(EmbedderConfig.Pooling.MEAN, true, true), true, NullDocument.EMPTY_PASSAGE);
    assertEquals(
        BertOnPaper.operations(TINY, new int[] {7}, new int[] {7}),
        StepOnPaper.embeddingOperations(mean));
    assertEquals(
        BertOnPaper.operations(TINY, new int[] {7}, new int[] {1}),
        StepOnPaper.embeddingOperations(CLS));
  }

  @Test
  void masksAreAttentionsWeightsTwiceAndDropoutsTwiceALayer() {
    // 3 tokens, 2 rows of the last layer; 2 heads of 3 weights; one mask of the embeddings
    long whole = 3 * (2 * (2 * 3) + 2 * 4);
    long last = 2 * (2 * (2 * 3) + 2 * 4);
    assertEquals(3 * 4 + whole + last, BertOnPaper.masks(TINY, new int[] {3}, new int[] {2}));
  }

  @Test
  void recomputedLayersKeepTheirResultsAndOneLayer() {
    StepOnPaper step = StepOnPaper.full(CLS, 1, 2, 2);
    // embeddings twice and the first layer's result of 5, 7 and 17 tokens, then 1, 1 and 4 rows
    long kept = (5 + 7 + 17) * (2 * 4 + 4) + (1 + 1 + 4) * 4;
    long layer = 17 * (8 * 4 + 2 * 2 + 2 + 2 * 6); // all of the encoder's first one
    assertEquals(kept + layer, step.recomputedActivations());
    long masks = (5 + 7 + 17) * 4 + (6 * 2 * 2 * 6 + 11 * 2 * 2 * 11 + 17 * 2 * 4);
    assertEquals(kept + layer + masks, step.recomputedActivationsAndMasks());
    assertTrue(step.recomputedActivations() < step.activations());
  }

  @Property(tries = 50)
  void memoryAndWorkGrowWithTheQueries(
      @ForAll @IntRange(min = 2, max = 9) int queries,
      @ForAll @IntRange(min = 1, max = 9) int candidates,
      @ForAll @IntRange(min = 1, max = 3) int masked) {
    StepOnPaper one = StepOnPaper.full(CLS, 1, candidates, masked);
    StepOnPaper all = StepOnPaper.full(CLS, queries, candidates, masked);
    assertEquals(queries * one.activations(), all.activations());
    assertEquals(queries * one.masks(), all.masks());
    assertEquals(queries * one.recomputedActivations(), all.recomputedActivations());
    assertEquals(
        queries * one.recomputedActivationsAndMasks(), all.recomputedActivationsAndMasks());
    assertEquals(queries * one.head(), all.head());
    assertEquals(queries * one.operations(), all.operations());
  }

  private static Estimate estimate(String device, int devices, int refreshers) {
    return new Estimate(
        EstimatePlan.paper(Map.of()), EstimateDevice.named(device), devices, refreshers);
  }

  /**
   * The specification: 49 GFLOP a passage without attention's own products, 5,472 padded tokens a
   * query, 1.4 PFLOP a step, 2.9e20 a run. Here nothing is padded and the last layer is cut.
   */
  @Test
  void countsAreWithinAFifthOfTheSpecification() {
    Estimate e = estimate("tpu-v3-core", 64, 16);
    assertEquals(6.5e17, e.refreshOperations(), 0.2 * 6.5e17);
    assertEquals(1.4e15, e.stepOperations(Layers.KEPT), 0.2 * 1.4e15);
    assertEquals(2.9e20, 200_000 * e.stepOperations(Layers.KEPT), 0.2 * 2.9e20);
    assertEquals(6_837_103_616L, e.indexBytes());
  }

  /** docs/performance.md, step on two threads: 2,895 tokens/s, of 9,984 tokens a step. */
  @Test
  void theMeasuredRateIsThatOfTheBench() {
    BertConfig bert =
        new BertConfig(30_522, 384, 6, 12, 1536, 512, 2, Activation.GELU_TANH, 1e-12f);
    RealmConfig model =
        new RealmConfig(
            bert, EmbedderConfig.realm(), bert, true, NullDocument.FREE_VECTOR, 64, 128);
    int[] queries = filled(4, 64);
    int[] documents = filled(28, 128);
    int[] joint = filled(32, 192);
    StepOnPaper step = new StepOnPaper(model, queries, documents, joint, filled(4, 8));
    double measured = step.operations() / 9_984 * 2_895;
    assertEquals(measured, EstimateDevice.named("reference-2-cores").rate(), 0.05 * measured);
  }

  private static int[] filled(int n, int value) {
    int[] a = new int[n];
    java.util.Arrays.fill(a, value);
    return a;
  }

  @Test
  void theLargestMicroBatchFitsAndOneMoreDoesNot() {
    Estimate e = estimate("nvidia-t4", 1, 0);
    double room = 0.9 * 16e9;
    for (Layers layers : Layers.values()) {
      int n = e.microBatch(layers);
      assertTrue(n > 0, layers::toString);
      assertTrue(e.stateBytes() + n * (double) e.activationBytes(layers) <= room);
      assertTrue(e.stateBytes() + (n + 1) * (double) e.activationBytes(layers) > room);
    }
    assertTrue(e.microBatch(Layers.RECOMPUTED) > e.microBatch(Layers.KEPT));
    assertEquals(16 * e.parameters(), e.stateBytes());
  }

  @Test
  void aHostHoldsTheIndexTwiceWhereItIsRefreshed() {
    Estimate host = estimate("reference-2-cores", 1, 0);
    assertEquals(16 * host.parameters() + 2 * 6_837_103_616L, host.stateBytes());
    EstimatePlan plan = EstimatePlan.paper(Map.of(EstimatePlan.Key.REFRESH_EVERY, 0));
    Estimate once = new Estimate(plan, host.device(), 1, 0);
    assertEquals(16 * host.parameters() + 6_837_103_616L, once.stateBytes());
  }

  @Test
  void eightDevicesShareTheWorkAndSendGradients() {
    Estimate one = estimate("nvidia-a100-40", 1, 0);
    Estimate eight = estimate("nvidia-a100-40", 8, 0);
    assertEquals(one.networkSeconds(Layers.KEPT) / 8, eight.networkSeconds(Layers.KEPT), 1e-9);
    assertEquals(one.refreshSeconds() / 8, eight.refreshSeconds(), 1e-9);
    assertEquals(0, one.allReduceBytes());
    // around a ring, every device sends 7 of 8 parts twice
    assertEquals(2 * 7 * (4.0 * eight.parameters() / 8), eight.allReduceBytes(), 1);
    assertEquals(one.stepOperations(Layers.KEPT), eight.stepOperations(Layers.KEPT));
    assertEquals(7.0 * 4 * one.parameters() / 1555e9, one.optimiserSeconds(), 1e-12);
  }

  @Test
  void theBusiestDeviceSetsThePace() {
    EstimatePlan plan = EstimatePlan.paper(Map.of(EstimatePlan.Key.BATCH, 9));
    EstimateDevice device = EstimateDevice.named("nvidia-a100-40");
    Estimate eight = new Estimate(plan, device, 8, 0);
    assertEquals(2, eight.queriesPerDevice());
    assertEquals(
        2 * eight.stepOperations(Layers.KEPT) / 9 / device.rate(),
        eight.networkSeconds(Layers.KEPT),
        1e-9);
  }

  @Test
  void refreshesTakeTheirTimeBetweenStepsOrAreWaitedFor() {
    Estimate between = estimate("nvidia-v100", 8, 0);
    assertEquals(400, between.refreshes());
    assertEquals(
        between.stepDays(Layers.KEPT) + 400 * between.refreshSeconds() / 86_400,
        between.days(Layers.KEPT),
        1e-9);
    Estimate few = estimate("nvidia-v100", 8, 1); // slower than 500 steps of eight
    assertEquals(400 * few.refreshSeconds() / 86_400, few.days(Layers.KEPT), 1e-9);
    Estimate many = estimate("nvidia-v100", 8, 100);
    assertEquals(many.stepDays(Layers.KEPT), many.days(Layers.KEPT), 1e-9);
  }

  @Test
  void everyDeviceIsPossible() {
    for (String name : EstimateDevice.names()) {
      EstimateDevice d = EstimateDevice.named(name);
      assertTrue(d.memory() > 1L << 33 && d.peak() > 1e11 && d.bandwidth() > 1e10, name);
      assertTrue(d.share() > 0 && d.share() <= 1, name);
      assertEquals(name.equals("reference-2-cores"), d.measured(), name);
    }
  }
}
