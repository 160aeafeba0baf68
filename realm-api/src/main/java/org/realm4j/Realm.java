package org.realm4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.pretrain.EncoderWarmUp;
import org.realm4j.pretrain.InverseClozeTask;
import org.realm4j.pretrain.MaskedQuery;
import org.realm4j.pretrain.Pretrainer;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.PretrainingListener;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.RetrieverStart;
import org.realm4j.pretrain.SpanEvaluation;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.qa.Answer;
import org.realm4j.qa.AnswerMatcher;
import org.realm4j.qa.Answerer;
import org.realm4j.qa.Asking;
import org.realm4j.qa.DenseRetriever;
import org.realm4j.qa.FineTuner;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.FineTuningReport;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.QaEvaluation;
import org.realm4j.qa.QuestionSet;
import org.realm4j.retrieval.EmbeddedCorpus;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.Session;
import org.realm4j.text.EntityTagger;
import org.realm4j.text.Passage;

/**
 * A language model that looks things up: a corpus, a retriever and a knowledge-augmented encoder in
 * one object.
 *
 * <pre>{@code
 * try (Realm realm = Realm.create(Path.of("minilm"), Corpus.jsonLines(Path.of("docs.jsonl")))) {
 *   realm.warmUp(50, 200);
 *   realm.pretrain(Pretraining.steps(1_000).refreshEvery(100), report -> {});
 *   realm.fineTune(QuestionSet.read(Path.of("questions.jsonl")));
 *   realm.save(Path.of("mine"));
 * }
 * try (Realm realm = Realm.open(Path.of("mine"))) {
 *   Answer answer = realm.ask("Who formulated the theory of relativity?");
 * }
 * }</pre>
 *
 * <p>Thread-safe: tasks wait for each other.
 */
public final class Realm implements AutoCloseable {
  private static final long SEED = 1;
  private static final double ENTROPY = 1.5;
  private static final int CANDIDATES = 8;

  /** One task at a time: training changes what answers rest on, and a session has one user. */
  private final ReentrantLock lock = new ReentrantLock(true);

  private volatile PassageStore store;
  private @Nullable Path temporary;
  private final Backend backend;
  private final int threads;
  private SpanOccurrences occurrences;
  private volatile RealmModel model;
  private volatile @Nullable SpanReader reader;
  private KnowledgeIndex index;
  private @Nullable Session answering; // open while questions are answered, for its warm memory
  private boolean closed;

  private Realm(
      RealmModel model,
      PassageStore store,
      @Nullable Path temporary,
      Backend backend,
      int threads,
      @Nullable SpanReader reader,
      @Nullable KnowledgeIndex index) {
    this.model = model;
    this.reader = reader;
    this.store = store;
    this.temporary = temporary;
    this.backend = backend;
    this.threads = threads;
    this.occurrences = new SpanOccurrences(store, model.vocabulary());
    this.index = index == null ? embed(0) : index;
  }

  /**
   * A new REALM over a corpus, from a pre-trained BERT or sentence encoder. The projection starts
   * with the corpus's principal directions, so retrieval works at once; the encoder has to be
   * {@link #warmUp warmed up} before it can predict anything.
   *
   * @param bertFolder a Hugging Face folder, such as {@code realm import} makes
   */
  public static Realm create(Path bertFolder, Corpus corpus) {
    return create(bertFolder, corpus, bestBackend());
  }

  /**
   * The same on a backend of one's choice.
   *
   * @param backend such as {@code BackendProvider.backend("nd4j")}; the best one that is available
   *     if none is given
   */
  public static Realm create(Path bertFolder, Corpus corpus, Backend backend) {
    return create(bertFolder, corpus, backend, temporaryFolder());
  }

  private static Backend bestBackend() {
    return BackendProvider.backend("auto");
  }

  /**
   * @param temporary where the corpus is kept; removed by {@link #close}, and if this fails
   */
  static Realm create(Path bertFolder, Corpus corpus, Backend backend, Path temporary) {
    try {
      RealmModel model =
          RealmModel.fromBert(bertFolder, RealmConfig.NullDocument.EMPTY_PASSAGE, SEED);
      PassageStore store =
          PassageStore.build(temporary, corpus, model.tokenizer(), model.config().passageLimit());
      return closingOnFailure(store, () -> create(model, store, backend, temporary));
    } catch (RuntimeException e) {
      deleteAll(temporary);
      throw e;
    }
  }

  private static Realm create(
      RealmModel model, PassageStore store, Backend backend, Path temporary) {
    int threads = Runtime.getRuntime().availableProcessors();
    try (Session session = backend.open(threads)) {
      RetrieverStart.initialise(
          model,
          store,
          queries(model, store, Pretraining.steps(0)).sample(200, SEED),
          Math.min(CANDIDATES, store.size()),
          ENTROPY,
          session,
          PassageEmbedder.Progress.NONE);
      EncoderWarmUp.initialiseHead(model, store);
    }
    return new Realm(model, store, temporary, backend, threads, null, null);
  }

  /**
   * Opens what {@link #save} wrote. Any number of processes may have it open.
   *
   * @throws RealmException.BadInput if there is nothing
   * @throws RealmException.CorruptFile if a file is missing or damaged
   * @throws RealmException.Incompatible if parts are of different runs
   */
  public static Realm open(Path folder) {
    return open(folder, bestBackend());
  }

  /** The same on a backend of one's choice. */
  public static Realm open(Path folder, Backend backend) {
    RealmFolder.Parts parts = RealmFolder.open(folder);
    return closingOnFailure(parts.store(), () -> open(parts, backend));
  }

  private static Realm open(RealmFolder.Parts parts, Backend backend) {
    int threads = Runtime.getRuntime().availableProcessors();
    KnowledgeIndex index = index(parts.model(), parts.vectors(), parts.madeAtStep(), threads);
    return new Realm(parts.model(), parts.store(), null, backend, threads, parts.reader(), index);
  }

  private static KnowledgeIndex index(
      RealmModel model, float[] vectors, long madeAtStep, int threads) {
    return new KnowledgeIndex(
        MipsIndexProvider.named("exact"),
        vectors,
        model.config().embedder().projection(),
        madeAtStep,
        threads);
  }

  private static <T> T closingOnFailure(PassageStore store, Supplier<T> made) {
    try {
      return made.get();
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /**
   * Publishes model, corpus and index together: whoever opens the folder sees what was saved
   * before, or all of this.
   */
  public void save(Path folder) {
    alone(
        () ->
            RealmFolder.publish(
                folder,
                new RealmFolder.Parts(model, store, index.vectors(), index.madeAtStep(), reader)));
  }

  /** Runs a task while no other runs. */
  private <T> T alone(Supplier<T> task) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the Realm is used after it was closed");
      }
      return task.get();
    } finally {
      lock.unlock();
    }
  }

  private void alone(Runnable task) {
    alone(
        () -> {
          task.run();
          return "";
        });
  }

  public RealmModel model() {
    return model;
  }

  public PassageStore corpus() {
    return store;
  }

  /**
   * Warms up what a sentence encoder lacks: the retriever by the inverse cloze task, the encoder by
   * masked spans with a passage that tells them.
   */
  public void warmUp(int clozeSteps, int encoderSteps) {
    alone(() -> warm(clozeSteps, encoderSteps));
  }

  private void warm(int clozeSteps, int encoderSteps) {
    try (Session session = backend.open(threads)) {
      if (clozeSteps > 0) {
        new InverseClozeTask(model, store)
            .run(InverseClozeTask.Settings.of(clozeSteps), session, (step, loss) -> {});
        swap(embed(0));
      }
      new EncoderWarmUp(
              model, store, queries(model, store, Pretraining.steps(0)), occurrences, index)
          .run(EncoderWarmUp.Settings.of(encoderSteps), session, (step, likelihood) -> {});
    }
  }

  /**
   * Trains retriever and encoder together (section 3), then embeds the corpus once more. A reader
   * is dropped: what it learned went with another query tower.
   */
  public void pretrain(Pretraining settings, PretrainingListener listener) {
    alone(() -> train(settings, listener));
  }

  private void train(Pretraining settings, PretrainingListener listener) {
    reader = null; // it was made for another query tower
    try (Pretrainer trainer =
        new Pretrainer(
            model,
            store,
            queries(model, store, settings),
            settings,
            backend,
            threads,
            index.vectors())) {
      trainer.run(listener);
      trainer.refreshNow(PassageEmbedder.Progress.NONE);
      swap(trainer.index());
    }
  }

  private void swap(KnowledgeIndex next) {
    index.close();
    index = next;
  }

  private static QuerySource queries(RealmModel model, PassageStore store, Pretraining settings) {
    return QuerySource.of(
        store,
        model.tokenizer(),
        EntityTagger.builtIn(),
        settings.masking(),
        model.config().queryLimit());
  }

  /**
   * A passage that a prediction rests on.
   *
   * @param passage null for the null document
   * @param probability p(z | x)
   */
  public record Evidence(@Nullable Passage passage, double probability) {}

  /**
   * What was predicted.
   *
   * @param tokens the most likely wordpiece at each mask
   * @param evidence the candidates, the null document first, then best first
   */
  public record Prediction(List<String> tokens, List<Evidence> evidence) {}

  /**
   * Predicts what stands at each {@code [MASK]} of a text.
   *
   * @throws RealmException.BadInput if there is no mask, or one lies behind the query limit
   */
  public Prediction predict(String text) {
    return alone(() -> predicted(text));
  }

  private Prediction predicted(String text) {
    MaskedQuery query = MaskedQuery.of(text, model);
    int candidates = Math.min(CANDIDATES, store.size());
    try (Session session = backend.open(threads)) {
      SpanEvaluation.Outcome outcome =
          new SpanEvaluation(model, store, occurrences, candidates)
              .run(List.of(query), index, session, (done, all) -> {})
              .getFirst();
      List<String> tokens = new ArrayList<>();
      for (int id : outcome.predicted()) {
        tokens.add(model.vocabulary().token(id));
      }
      List<Evidence> evidence = new ArrayList<>();
      for (int k = 0; k < candidates; k++) {
        int passage = outcome.candidates()[k];
        evidence.add(new Evidence(passage < 0 ? null : store.passage(passage), outcome.prior()[k]));
      }
      return new Prediction(tokens, evidence);
    }
  }

  // ---- the corpus

  /**
   * Adds passages, behind those that are there. Only they are embedded; what was learned stays.
   *
   * @throws RealmException.BadInput if an id is there already
   */
  public void add(List<Passage> passages) {
    alone(() -> change(passages, List.of()));
  }

  /**
   * Removes passages, with all parts of those that were split.
   *
   * @throws RealmException.BadInput if one is not there, or none would be left
   */
  public void remove(Collection<String> ids) {
    alone(() -> change(List.of(), ids));
  }

  /**
   * Adds passages; one whose id is there takes the place of the old one and comes after all others.
   */
  public void replace(List<Passage> passages) {
    alone(
        () -> {
          EmbeddedCorpus corpus = new EmbeddedCorpus(store, index.vectors());
          change(passages, passages.stream().map(Passage::id).filter(corpus::holds).toList());
        });
  }

  private void change(List<Passage> added, Collection<String> removed) {
    if (!added.isEmpty() || !removed.isEmpty()) {
      become(
          (dir, session) ->
              new EmbeddedCorpus(store, index.vectors()).with(dir, model, session, added, removed));
    }
  }

  /**
   * Puts another corpus under the trained model: what it answers then rests on that (appendix C).
   *
   * @throws RealmException.BadInput if the corpus is empty, or an id occurs twice; then the old one
   *     stays
   */
  public void replaceAll(Corpus corpus) {
    alone(
        () ->
            become(
                (dir, session) -> {
                  PassageStore other =
                      PassageStore.build(
                          dir.resolve("corpus"), corpus, model.tokenizer(), store.limit());
                  float[] vectors =
                      closingOnFailure(
                          other,
                          () ->
                              new PassageEmbedder(model, other)
                                  .embedAll(
                                      session, model.documents(), PassageEmbedder.Progress.NONE));
                  return new EmbeddedCorpus(other, vectors);
                }));
  }

  private void become(BiFunction<Path, Session, EmbeddedCorpus> made) {
    Path dir = temporaryFolder();
    try (Session session = backend.open(threads)) {
      EmbeddedCorpus corpus = made.apply(dir, session);
      KnowledgeIndex searched =
          closingOnFailure(
              corpus.store(), () -> index(model, corpus.vectors(), index.madeAtStep(), threads));
      PassageStore old = store;
      Path oldFolder = temporary;
      store = corpus.store();
      occurrences = new SpanOccurrences(store, model.vocabulary());
      temporary = dir;
      swap(searched);
      old.close();
      if (oldFolder != null) {
        deleteAll(oldFolder);
      }
    } catch (RuntimeException | Error e) {
      if (!dir.equals(temporary)) {
        deleteAll(dir);
      }
      throw e;
    }
  }

  // ---- questions

  /** Fine-tunes with settings for a short run: two epochs at most, see {@link FineTuning.Rates}. */
  public void fineTune(QuestionSet questions) {
    long steps = Math.ceilDiv(2L * questions.size(), 4);
    fineTune(
        questions,
        FineTuning.steps(steps).batch(4).accumulate(4).rates(FineTuning.Rates.shortRun()),
        report -> {});
  }

  /**
   * Trains a reader and the query tower on questions (section 5 of ORQA); the passages' vectors
   * stay as they are. A reader that is there is trained further, otherwise one begins with the
   * document tower's values (see {@link SpanReader#from}).
   */
  public void fineTune(
      QuestionSet questions, FineTuning settings, Consumer<FineTuningReport> listener) {
    alone(
        () -> {
          RealmModel separate = model.withSeparateTowers();
          SpanReader trained =
              reader != null
                  ? reader
                  : SpanReader.from(
                      separate.documents().bert(), ReaderConfig.realm(), settings.seed());
          try (FineTuner tuner =
              new FineTuner(
                  separate,
                  trained,
                  store,
                  new DenseRetriever(separate, index),
                  questions,
                  settings,
                  backend,
                  threads)) {
            tuner.run(listener);
          }
          model = separate;
          reader = trained;
        });
  }

  /** Whether there is a reader: whether questions can be asked. */
  public boolean answers() {
    return reader != null;
  }

  /** Answers a question from the corpus, from {@link Asking#usual five passages}. */
  public Answer ask(String question) {
    return ask(question, Asking.usual());
  }

  /**
   * Answers a question from the corpus. Any number of threads may ask; they are answered one after
   * the other, each by all threads of the backend.
   *
   * @throws RealmException.BadInput if the question is blank, or nobody fine-tuned a reader
   */
  public Answer ask(String question, Asking asking) {
    return ask(List.of(question), asking).getFirst();
  }

  /** Answers several questions, in their order. */
  public List<Answer> ask(List<String> questions, Asking asking) {
    return alone(
        () -> {
          Answerer answerer = answerer();
          Session session = answering;
          if (session == null) {
            session = backend.open(threads);
            answering = session;
          }
          List<Answer> answers = new ArrayList<>();
          for (String question : questions) {
            answers.add(answerer.answer(session, question, asking));
          }
          return answers;
        });
  }

  /** Measures it on questions whose answers are known. */
  public List<Outcome> evaluate(
      QuestionSet questions, Asking asking, PassageEmbedder.Progress progress) {
    return alone(
        () -> {
          try (Session session = backend.open(threads)) {
            return new QaEvaluation(
                    answerer(), store, new AnswerMatcher(AnswerMatcher.Mode.NORMALISED))
                .run(session, questions, asking, progress);
          }
        });
  }

  private Answerer answerer() {
    if (reader == null) {
      throw new RealmException.BadInput(
          "questions: expected a model that was fine-tuned on some, found one that was not: see"
              + " Realm.fineTune");
    }
    return new Answerer(model, reader, store, new DenseRetriever(model, index), index.madeAtStep());
  }

  private KnowledgeIndex embed(long step) {
    try (Session session = backend.open(threads)) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE);
      return index(model, vectors, step, threads);
    }
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("realm-corpus");
    } catch (IOException e) {
      throw new RealmException("no temporary folder: " + e.getMessage(), e);
    }
  }

  /** Waits for questions that are being answered. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        release();
      }
    } finally {
      lock.unlock();
    }
  }

  private void release() {
    if (answering != null) {
      answering.close();
    }
    index.close();
    store.close();
    if (temporary != null) {
      deleteAll(temporary);
    }
  }

  private static void deleteAll(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(Realm::delete);
    } catch (IOException e) {
      throw new RealmException(folder + ": could not be removed: " + e.getMessage(), e);
    }
  }

  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new RealmException(path + ": could not be removed: " + e.getMessage(), e);
    }
  }
}
