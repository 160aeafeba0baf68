package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.BertFolder;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/**
 * The imported MiniLM gives what ONNX Runtime gives. Runs when named: -Drealm.data=DIR with {@code
 * minilm/reference.json}, and -Drealm.minilm=DIR, made by {@code realm import}.
 */
class MiniLmReferenceTest {
  private static final double TOLERANCE = 1e-4;

  @Test
  void hiddenStatesAndMeansAreThoseOfOnnxRuntime() {
    JsonObject reference = Json.parseObject(given("realm.data").resolve("minilm/reference.json"));
    BertFolder minilm = BertFolder.open(given("realm.minilm"));
    List<Object> examples = reference.list("examples");
    assertTrue(examples.size() >= 5, "too few examples");
    try (Session session = BackendProvider.backend("auto").open(2)) {
      for (Object item : examples) {
        check(JsonObject.of(item, "example"), minilm, session);
      }
    }
  }

  private static void check(JsonObject example, BertFolder minilm, Session session) {
    String text = example.string("text");
    InputSequence input =
        InputSequence.join(
            minilm.tokenizer().vocabulary(),
            minilm.bert().config().positions(),
            minilm.tokenizer().ids(text));
    assertEquals(Json.format(example.list("input_ids")), Json.format(input.ids()), text);
    TokenBatch batch = TokenBatch.of(List.of(input));
    try (Tape tape = session.infer()) {
      Tensor states = minilm.bert().forward(session, batch, null);
      List<Object> rows = example.list("last_hidden_state");
      float[] found = states.toArray();
      for (int t = 0; t < rows.size(); t++) {
        close(rows.get(t), found, t * states.cols(), text + ", token " + t);
      }
      float[] mean = session.segmentSum(states, batch.offsets(), true).toArray();
      close(example.list("mean_pooled"), mean, 0, text + ", mean");
    }
  }

  private static void close(Object expected, float[] found, int from, String what) {
    if (!(expected instanceof List<?> values)) {
      throw new AssertionError("no list: " + expected);
    }
    for (int i = 0; i < values.size(); i++) {
      double value = ((Number) values.get(i)).doubleValue();
      assertEquals(value, found[from + i], TOLERANCE, what + ", component " + i);
    }
  }

  private static Path given(String property) {
    String value = System.getProperty(property, "");
    assumeTrue(!value.isEmpty(), "not run: name it with -D" + property + "=PATH");
    return Path.of(value);
  }
}
