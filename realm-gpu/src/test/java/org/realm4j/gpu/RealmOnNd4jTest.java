package org.realm4j.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.Realm;
import org.realm4j.corpus.Corpus;
import org.realm4j.qa.Answer;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.testkit.model.TinyRealm;

/** What an application does, on either backend: the same run, and the same answers. */
class RealmOnNd4jTest {
  private static final String MASKED = "Ada Lovelace was born in [MASK].";
  private static final String QUESTION = "Ada Lovelace was born in?";

  private record Outcome(Realm.Prediction prediction, Answer answer) {}

  private static Outcome run(Path bert, Path saved, Backend backend) {
    QuestionSet questions =
        new QuestionSet(
            "two",
            List.of(
                Question.of(QUESTION, "London"), Question.of("Max Planck worked on?", "physics")));
    try (Realm realm = Realm.create(bert, Corpus.of(TinyRealm.passages()), backend)) {
      realm.warmUp(2, 3);
      realm.pretrain(TinyRealm.settings(3).refreshEvery(2), report -> {});
      realm.fineTune(questions, FineTuning.steps(3).batch(2).read(3).retrieved(10), report -> {});
      realm.save(saved);
      return new Outcome(realm.predict(MASKED), realm.ask(QUESTION));
    }
  }

  /**
   * Adam's first updates are nearly the sign of a gradient, also of one that is noise, so the two
   * runs are near to each other, not equal: passages of nearly the same score may change places.
   */
  private static void same(Outcome a, Outcome b) {
    assertEquals(a.prediction.tokens(), b.prediction.tokens());
    assertEquals(a.answer.text(), b.answer.text());
    assertEquals(a.answer.probability(), b.answer.probability(), 2e-3);
    Map<String, Double> expected = evidence(a.prediction);
    Map<String, Double> found = evidence(b.prediction);
    assertEquals(expected.keySet(), found.keySet());
    expected.forEach((id, p) -> assertEquals(p, found.get(id), 2e-3, id));
  }

  private static Map<String, Double> evidence(Realm.Prediction prediction) {
    return prediction.evidence().stream()
        .collect(
            Collectors.toMap(
                e -> e.passage() == null ? "the null document" : e.passage().id(),
                Realm.Evidence::probability));
  }

  @Test
  void theSameRunAndTheSameAnswers(@TempDir Path dir) throws Exception {
    Path bert = Files.createDirectory(dir.resolve("bert"));
    TinyRealm.writeBert(bert);
    Backend nd4j = BackendProvider.backend("nd4j");
    Backend reference = BackendProvider.backend("reference");
    Outcome found = run(bert, dir.resolve("nd4j"), nd4j);
    Outcome truth = run(bert, dir.resolve("reference"), reference);
    assertTrue(truth.answer.probability() > 0);
    same(truth, found);
    // what one wrote the other one opens
    try (Realm a = Realm.open(dir.resolve("nd4j"), reference);
        Realm b = Realm.open(dir.resolve("reference"), nd4j)) {
      same(truth, new Outcome(a.predict(MASKED), a.ask(QUESTION)));
      same(truth, new Outcome(b.predict(MASKED), b.ask(QUESTION)));
    }
  }
}
