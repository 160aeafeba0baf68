package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;

class LengthsTest {
  private static Lengths read(String text) throws IOException {
    return Lengths.read(new BufferedReader(new StringReader(text)));
  }

  @Test
  void specialTokensCountAndLongTextsAreCut() throws IOException {
    Lengths lengths = read("# two\ntitles 2 3\nbodies 10 1000\nquestions 5 200\n");
    assertEquals(15, lengths.document(0));
    assertEquals(288, lengths.document(1));
    assertEquals(7, lengths.query(0));
    assertEquals(96, lengths.query(1));
    assertEquals(1 + 5 + 1 + 10 + 1, lengths.joint(0, 0));
    assertEquals(96 + 288 - 1, lengths.joint(1, 1));
  }

  @Test
  void whatDoesNotFitIsToldApart() {
    RealmException e =
        assertThrows(RealmException.class, () -> read("titles 1 2\nbodies 1\nquestions 1\n"));
    assertTrue(e.getMessage().contains("2 and 1"), e.getMessage());
    assertThrows(RealmException.class, () -> read("bodies 1\ntitles 1\nquestions 1\n"));
    assertThrows(RealmException.class, () -> read("titles 1\n"));
  }

  @Test
  void resourceHoldsThousandsOfRealLengths() {
    Lengths lengths = Lengths.load();
    assertTrue(lengths.passages() > 4000, "passages " + lengths.passages());
    double mean = IntStream.of(lengths.bodies()).average().orElse(0);
    assertTrue(mean > 80 && mean < 250, "mean " + mean);
  }

  @Test
  void batchIsTheSameForTheSameSeedAndFitsTogether() {
    Lengths lengths = Lengths.load();
    RealmBatch batch = lengths.batch(4, 8, 3);
    assertArrayEquals(batch.joint(), lengths.batch(4, 8, 3).joint());
    assertEquals(28, batch.documents().length);
    assertEquals(8, batch.candidates());
    for (int b = 0; b < 4; b++) {
      assertEquals(batch.queries()[b] + 1, batch.joint()[8 * b]);
      assertTrue(batch.masks()[b] <= batch.queries()[b] - 2);
      for (int k = 1; k < 8; k++) {
        // without title and [CLS], behind the query
        assertTrue(
            batch.joint()[8 * b + k] < batch.queries()[b] + batch.documents()[7 * b + k - 1]);
      }
    }
    assertEquals(32, batch.firstParts().length);
    assertEquals(3 * 9, TextSection.padded(new int[] {4, 9, 1}));
  }
}
