package org.realm4j.testkit.arbitrary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.realm4j.tensor.Tape;
import org.realm4j.testkit.contract.Matrix;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

class RealmArbitrariesTest {
  @Provide
  Arbitrary<int[]> packings() {
    return RealmArbitraries.packings(6, 9);
  }

  @Provide
  Arbitrary<Matrix> matrices() {
    return RealmArbitraries.matricesUpTo(7, 9);
  }

  @Provide
  Arbitrary<String> texts() {
    return RealmArbitraries.texts();
  }

  @Property(tries = 100)
  void probabilitiesOfEachGroupSumToOne(@ForAll("packings") int[] offsets) {
    int n = offsets[offsets.length - 1];
    float[] scores = RealmArbitraries.values(n).sample();
    try (OracleSession s = new OracleBackend().open(1);
        Tape tape = s.infer()) {
      double[] y = s.doubles(s.logSoftmax(s.constant(scores, n, 1), offsets));
      for (int g = 0; g + 1 < offsets.length; g++) {
        double sum = 0;
        for (int i = offsets[g]; i < offsets[g + 1]; i++) {
          sum += Math.exp(y[i]);
        }
        assertEquals(1, sum, 1e-12);
      }
    }
  }

  @Property(tries = 50)
  void matricesHaveTheirShape(@ForAll("matrices") Matrix m) {
    assertTrue(m.rows() >= 1 && m.rows() <= 7 && m.cols() >= 1 && m.cols() <= 9);
    assertEquals(m.rows() * m.cols(), m.values().length);
  }

  @Property(tries = 50)
  void textsAreTexts(@ForAll("texts") String text) {
    assertTrue(text.length() <= 400);
  }
}
