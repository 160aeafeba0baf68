package org.realm4j.qa;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;
import org.realm4j.testkit.model.TinyRealm;

/** Questions about the ten people of {@link TinyRealm}. */
final class TinyQuestions {
  private TinyQuestions() {}

  /** Twenty whose answers stand in the corpus. */
  static QuestionSet all() {
    List<Question> questions = new ArrayList<>();
    String[][] people = {
      {"Ada Lovelace", "London", "computing"},
      {"Alan Turing", "London", "computing"},
      {"Marie Curie", "Warsaw", "chemistry"},
      {"Niels Bohr", "Copenhagen", "physics"},
      {"Max Planck", "Kiel", "physics"},
      {"Carl Gauss", "Brunswick", "algebra"},
      {"Emmy Noether", "Erlangen", "algebra"},
      {"Kurt Godel", "Brno", "logic"},
      {"Hans Oersted", "Copenhagen", "chemistry"},
      {"Bertrand Russell", "Trellech", "logic"}
    };
    for (String[] p : people) {
      questions.add(
          new Question(p[0] + " was born in the town?", List.of(p[1]), false, p[0] + " 0", null));
      questions.add(new Question(p[0] + " worked on it?", List.of(p[2]), false, p[0] + " 2", null));
    }
    return new QuestionSet("tiny", questions);
  }

  static QuestionSet of(Question... questions) {
    return new QuestionSet("some", List.of(questions));
  }

  /** Away from its start, with a query tower of its own. */
  static RealmModel model() {
    return TinyRealm.diverse(TinyRealm.config().withSeparateTowers());
  }

  static SpanReader reader(RealmModel model) {
    return SpanReader.from(model.encoder().bert(), new ReaderConfig(16, 4, 1e-3f), 5);
  }

  static KnowledgeIndex index(RealmModel model, PassageStore store) {
    try (Session s = new ReferenceBackend().open(1)) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(s, model.documents(), PassageEmbedder.Progress.NONE);
      int dimension = model.config().embedder().projection();
      return new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, dimension, 3, 1);
    }
  }

  /** Small, quick and hot. */
  static FineTuning settings(long steps) {
    return FineTuning.steps(steps)
        .batch(4)
        .retrieved(20)
        .read(3)
        .dropout(0)
        .linearDecay(false)
        .rates(new FineTuning.Rates(2e-3f, 2e-3f, 1e-3f, 1e-3f));
  }
}
