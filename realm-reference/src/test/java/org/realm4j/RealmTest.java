package org.realm4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.Corpus;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.pretrain.StepReport;
import org.realm4j.qa.Answer;
import org.realm4j.qa.Asking;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.FineTuningReport;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.Passage;

/** The facade, from a BERT to a prediction that survives a save. */
@Timeout(120)
class RealmTest {
  private static final String QUESTION = "[MASK] was born in London.";

  @TempDir Path dir;

  @Test
  void createWarmUpPretrainSaveOpenPredict() throws Exception {
    Path bert = Files.createDirectory(dir.resolve("bert"));
    TinyRealm.writeBert(bert);
    Path saved = dir.resolve("saved");
    Realm.Prediction before;
    String fingerprint;
    try (Realm realm = Realm.create(bert, Corpus.of(TinyRealm.passages()))) {
      realm.warmUp(2, 3);
      List<StepReport> reports = new ArrayList<>();
      realm.pretrain(TinyRealm.settings(3).refreshEvery(2), reports::add);
      assertEquals(3, reports.size());
      before = realm.predict(QUESTION);
      realm.save(saved);
      fingerprint = realm.corpus().fingerprint();
    }
    assertEquals(1, before.tokens().size());
    assertEquals(8, before.evidence().size());
    assertNull(before.evidence().getFirst().passage());
    assertEquals(
        1, before.evidence().stream().mapToDouble(Realm.Evidence::probability).sum(), 1e-5);
    try (Realm realm = Realm.open(saved)) {
      assertEquals(before, realm.predict(QUESTION));
      assertEquals(before, realm.predict(QUESTION));
      assertEquals(fingerprint, realm.corpus().fingerprint());
      assertThrows(RealmException.BadInput.class, () -> realm.predict("Ada was born."));
      realm.save(dir.resolve("again"));
      realm.save(saved); // over the folder that it has open
      assertEquals(before, realm.predict(QUESTION));
    }
    assertArrayEquals(vectors(saved), vectors(dir.resolve("again")));
    assertThrows(RealmException.BadInput.class, () -> Realm.open(dir.resolve("nothing")));
  }

  private static byte[] vectors(Path saved) throws Exception {
    Path generation = PublishedFolder.at(saved).current().orElseThrow();
    return Files.readAllBytes(generation.resolve("index.safetensors"));
  }

  /** Whatever happened to the corpus, the model answers as if it had been opened with it. */
  @Test
  void passagesComeAndGoUnderATrainedModel() throws Exception {
    Path bert = Files.createDirectory(dir.resolve("bert"));
    TinyRealm.writeBert(bert);
    List<Passage> all = TinyRealm.passages();
    List<Passage> some = all.subList(0, all.size() - 3);
    Passage other = new Passage(all.get(1).id(), "", "ada was born in london .");
    try (Realm realm = Realm.create(bert, Corpus.of(some))) {
      realm.warmUp(2, 3);
      realm.remove(List.of(all.get(0).id(), all.get(2).id()));
      realm.add(all.subList(all.size() - 3, all.size()));
      realm.replace(List.of(other, all.get(0)));
      List<Passage> expected = new ArrayList<>(all.subList(3, all.size()));
      expected.add(other);
      expected.add(all.get(0));
      assertEquals(expected, realm.corpus().passages());
      Realm.Prediction changed = realm.predict(QUESTION);
      assertThrows(RealmException.BadInput.class, () -> realm.add(List.of(all.get(5))));
      assertThrows(
          RealmException.BadInput.class,
          () -> realm.remove(List.of(all.get(5).id(), all.get(2).id())));
      assertThrows(
          RealmException.BadInput.class,
          () -> realm.remove(expected.stream().map(Passage::id).toList()));
      assertEquals(expected, realm.corpus().passages());
      assertEquals(changed, realm.predict(QUESTION));
      realm.save(dir.resolve("saved"));
      realm.replaceAll(Corpus.of(expected)); // all embedded at once
      assertEquals(changed, realm.predict(QUESTION));
      realm.replaceAll(Corpus.of(all));
      assertEquals(all, realm.corpus().passages());
    }
    try (Realm realm = Realm.open(dir.resolve("saved"))) {
      assertEquals(all.size() - 1, realm.corpus().size());
      realm.add(List.of(all.get(2)));
      assertEquals(all.size(), realm.corpus().size());
    }
  }

  @Test
  void questionsAreAnsweredBeforeAndAfterASave() throws Exception {
    Path bert = Files.createDirectory(dir.resolve("bert"));
    TinyRealm.writeBert(bert);
    Path saved = dir.resolve("saved");
    QuestionSet questions =
        new QuestionSet(
            "two",
            List.of(
                Question.of("Ada Lovelace was born in?", "London"),
                Question.of("Max Planck worked on?", "physics")));
    Answer before;
    try (Realm realm = Realm.create(bert, Corpus.of(TinyRealm.passages()))) {
      var e = assertThrows(RealmException.BadInput.class, () -> realm.ask("who?"));
      assertTrue(e.getMessage().contains("fineTune"), e.getMessage());
      assertFalse(realm.answers());
      List<FineTuningReport> reports = new ArrayList<>();
      FineTuning settings =
          FineTuning.steps(3).batch(2).retrieved(40).rates(FineTuning.Rates.shortRun());
      realm.fineTune(questions, settings, reports::add);
      assertEquals(3, reports.size());
      assertTrue(realm.answers());
      before = realm.ask("Ada Lovelace was born in?");
      assertEquals(5, before.evidence().size());
      assertEquals(2, realm.evaluate(questions, Asking.usual(), (done, all) -> {}).size());
      realm.save(saved);
      assertThrows(RealmException.BadInput.class, () -> realm.ask(" "));
    }
    try (Realm realm = Realm.open(saved)) {
      assertEquals(before, realm.ask("Ada Lovelace was born in?"));
      assertThrows(
          RealmException.BadInput.class, () -> realm.ask(List.of("a", ""), Asking.usual()));
      realm.pretrain(TinyRealm.settings(1), report -> {});
      assertFalse(realm.answers());
    }
  }

  /** Threads ask at once and get what one alone gets; closing waits for them. */
  @Test
  void manyThreadsAsk() throws Exception {
    Path bert = Files.createDirectory(dir.resolve("bert"));
    TinyRealm.writeBert(bert);
    List<String> questions = List.of("Ada was born in?", "Max worked on?", "the year of Kiel?");
    try (Realm realm = Realm.create(bert, Corpus.of(TinyRealm.passages()))) {
      realm.fineTune(new QuestionSet("one", List.of(Question.of("Ada was born in?", "London"))));
      List<Answer> alone = realm.ask(questions, Asking.usual());
      try (var threads = Executors.newFixedThreadPool(4)) {
        List<Future<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
          String question = questions.get(i % 3);
          answers.add(threads.submit(() -> realm.ask(question)));
        }
        for (int i = 0; i < 24; i++) {
          assertEquals(alone.get(i % 3), answers.get(i).get());
        }
      }
      realm.close();
      assertThrows(IllegalStateException.class, () -> realm.ask("who?"));
    }
  }

  @Test
  void theTemporaryCorpusGoes() throws Exception {
    Path bert = Files.createDirectory(dir.resolve("bert"));
    TinyRealm.writeBert(bert);
    Path temporary = Files.createDirectory(dir.resolve("temporary"));
    Corpus nine = Corpus.of(TinyRealm.passages().subList(0, 9));
    Realm realm = Realm.create(bert, nine, new ReferenceBackend(), temporary);
    assertEquals(8, realm.predict(QUESTION).evidence().size());
    realm.close();
    assertFalse(Files.exists(temporary));
    // Nothing to mask: what was begun is taken back.
    Files.createDirectory(temporary);
    Corpus dull = Corpus.of(List.of(new Passage("x", "", "a child was there")));
    assertThrows(
        RealmException.BadInput.class,
        () -> Realm.create(bert, dull, new ReferenceBackend(), temporary));
    assertFalse(Files.exists(temporary));
  }

  @Test
  void aFolderWithoutARealmIsRefused() {
    RealmException e = assertThrows(RealmException.class, () -> Realm.open(dir.resolve("none")));
    assertTrue(e.getMessage().contains("none"));
    assertFalse(e.getMessage().contains("\n"));
  }
}
