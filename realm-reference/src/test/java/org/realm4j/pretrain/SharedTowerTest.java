package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.RealmModel;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tape;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/** The gradients of the whole model, in double precision. */
class SharedTowerTest {
  @TempDir Path dir;

  private record Gradients(double loss, List<double[]> documents, List<double[]> queries) {}

  private Gradients gradients(PassageStore store, RealmModel model, Marginal marginal) {
    try (OracleSession s = new OracleBackend().open(1)) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(s, model.documents(), PassageEmbedder.Progress.NONE);
      try (KnowledgeIndex index =
              new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, 16, 0, 1);
          Tape tape = s.record()) {
        List<MaskedQuery> queries = TinyRealm.queries(store).sample(2, 5);
        KnowledgeAugmentedForward.Result result =
            new KnowledgeAugmentedForward(model, store)
                .run(
                    s,
                    queries,
                    index,
                    new KnowledgeAugmentedForward.Settings(4, 0, marginal, true, 0, 1, 0, 0));
        var loss = result.likelihood().loss(s, 2);
        s.backward(loss);
        return new Gradients(s.doubles(loss)[0], of(s, model.documents()), of(s, model.queries()));
      }
    }
  }

  private static List<double[]> of(OracleSession s, Embedder tower) {
    List<double[]> all = new ArrayList<>();
    for (Parameter p : tower.parameters()) {
      double[] g = s.gradientDoubles(p);
      all.add(g == null ? new double[p.size()] : g);
    }
    return all;
  }

  /** Invariant 13, through the whole forward pass. */
  @Test
  void theSharedTowersGradientIsTheSumOfBothSides() {
    try (PassageStore store = TinyRealm.store(dir, TinyRealm.passages().subList(0, 10))) {
      for (Marginal marginal : Marginal.values()) {
        Gradients shared = gradients(store, TinyRealm.diverse(TinyRealm.config()), marginal);
        Gradients apart =
            gradients(store, TinyRealm.diverse(TinyRealm.config().withSeparateTowers()), marginal);
        assertEquals(shared.loss, apart.loss, 1e-12);
        double both = 0;
        for (int i = 0; i < shared.documents.size(); i++) {
          double[] sum = apart.documents.get(i).clone();
          for (int j = 0; j < sum.length; j++) {
            both += Math.abs(sum[j] * apart.queries.get(i)[j]);
            sum[j] += apart.queries.get(i)[j];
          }
          assertArrayEquals(sum, shared.documents.get(i), 1e-10);
        }
        assertTrue(both > 0, "both sides have a gradient");
      }
    }
  }
}
