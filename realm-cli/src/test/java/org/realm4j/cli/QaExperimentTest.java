package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.pretrain.Masking;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.text.EntityTagger;

class QaExperimentTest {
  @TempDir Path folder;

  private final List<RealmFolder.Parts> left = new ArrayList<>();
  private final List<float[]> readerWhenLeft = new ArrayList<>();

  private static float[] values(List<Parameter> parameters) {
    float[] all = new float[0];
    for (Parameter p : parameters) {
      int at = all.length;
      all = Arrays.copyOf(all, at + p.size());
      System.arraycopy(p.values(), 0, all, at, p.size());
    }
    return all;
  }

  private static QuestionSet questions() {
    return new QuestionSet(
        "three",
        List.of(
            Question.of("is there a capital of Germany", "Bonn"),
            Question.of("is there a capital of Peru", "Lima"),
            Question.of("is there a capital of Japan", "Kyoto")));
  }

  private QaExperiment.Rows run(RealmModel model, Path start, int clozeSteps, int steps)
      throws IOException {
    Path lines = TinyFiles.jsonLines(folder.resolve("docs.jsonl"), TinyFiles.passages());
    Backend backend = BackendProvider.backend("auto");
    FineTuning settings = FineTuning.steps(steps).rates(FineTuning.Rates.shortRun()).batch(2);
    FineTuning cloze = FineTuning.steps(clozeSteps).batch(2);
    QaExperiment.Plan plan = new QaExperiment.Plan(questions(), questions(), cloze, settings);
    try (PassageStore store =
            PassageStore.build(
                folder.resolve("store"), Corpus.jsonLines(lines), model.tokenizer(), 64);
        Session session = backend.open(1);
        QaExperiment qa =
            new QaExperiment(plan, store, backend, 1, new PrintWriter(new StringWriter()))) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE);
      return qa.run(
          new RealmFolder.Parts(model, store, vectors, 7, null),
          start,
          QuerySource.of(
              store, model.tokenizer(), EntityTagger.builtIn(), Masking.SALIENT_SPAN, 64),
          new SpanOccurrences(store, model.vocabulary()),
          parts -> {
            left.add(parts);
            readerWhenLeft.add(values(reader(parts).parameters()));
          });
    }
  }

  private static SpanReader reader(RealmFolder.Parts parts) {
    return Objects.requireNonNull(parts.reader());
  }

  private RealmModel model(int seed) throws IOException {
    Path bert = TinyFiles.bert(folder.resolve("bert"));
    return RealmModel.fromBert(bert, NullDocument.EMPTY_PASSAGE, seed);
  }

  /** What one way learns is no other way's, and the model that both start from stays as it was. */
  @Test
  void theWaysShareNothingThatTheyTrain() throws IOException {
    RealmModel model = model(3);
    Path start = folder.resolve("start");
    model.save(start);
    float[] before = values(model.parts().values().stream().flatMap(List::stream).toList());
    QaExperiment.Rows rows = run(model, start, 1, 2);
    float[] after = values(model.parts().values().stream().flatMap(List::stream).toList());
    assertArrayEquals(before, after);
    assertEquals(1, left.size());
    assertArrayEquals(readerWhenLeft.getFirst(), values(reader(left.getFirst()).parameters()));
    assertEquals(7, left.getFirst().madeAtStep());
    assertFalse(
        Arrays.equals(
            values(model.queries().parameters()),
            values(left.getFirst().model().queries().parameters())));
    // The start is the same model here, so the third way has to repeat the first.
    assertEquals(said(rows.realm()), said(rows.withoutPretraining()));
  }

  /** The third way begins with the model that is in the folder, not with the one after training. */
  @Test
  void theThirdWayStartsFromTheFolder() throws IOException {
    Path start = folder.resolve("start");
    model(4).save(start);
    QaExperiment.Rows rows = run(model(3), start, 0, 1);
    assertFalse(said(rows.realm()).equals(said(rows.withoutPretraining())));
    assertTrue(rows.bm25().outcomes().stream().allMatch(o -> o.ranking() != null));
    // A question that names its country has the passage about it among the first of BM25.
    assertEquals(1, QaMeasure.ANSWER_RECALL_5.mean(rows.bm25().outcomes(), 1).mean());
  }

  private static List<String> said(QaExperiment.Row row) {
    return row.outcomes().stream().map(QaExperimentTest::said).toList();
  }

  private static String said(Outcome o) {
    return o.prediction() + " " + o.probability() + " " + o.ranking();
  }
}
