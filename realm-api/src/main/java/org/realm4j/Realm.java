package org.realm4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
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
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
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
 *   realm.save(Path.of("mine"));
 * }
 * }</pre>
 *
 * <p>Used by one thread at a time.
 */
public final class Realm implements AutoCloseable {
  private static final long SEED = 1;
  private static final double ENTROPY = 1.5;
  private static final int CANDIDATES = 8;

  private final RealmModel model;
  private final PassageStore store;
  private final @Nullable Path temporary;
  private final Backend backend;
  private final int threads;
  private final SpanOccurrences occurrences;
  private KnowledgeIndex index;

  private Realm(
      RealmModel model,
      PassageStore store,
      @Nullable Path temporary,
      Backend backend,
      int threads,
      @Nullable KnowledgeIndex index) {
    this.model = model;
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
    return create(bertFolder, corpus, temporaryFolder());
  }

  /**
   * @param temporary where the corpus is kept; removed by {@link #close}, and if this fails
   */
  static Realm create(Path bertFolder, Corpus corpus, Path temporary) {
    try {
      RealmModel model =
          RealmModel.fromBert(bertFolder, RealmConfig.NullDocument.EMPTY_PASSAGE, SEED);
      PassageStore store =
          PassageStore.build(temporary, corpus, model.tokenizer(), model.config().passageLimit());
      return closingOnFailure(store, () -> create(model, store, temporary));
    } catch (RuntimeException e) {
      deleteAll(temporary);
      throw e;
    }
  }

  private static Realm create(RealmModel model, PassageStore store, Path temporary) {
    Backend backend = BackendProvider.backend("auto");
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
    return new Realm(model, store, temporary, backend, threads, null);
  }

  /** Opens what {@link #save} wrote. */
  public static Realm open(Path folder) {
    Path saved =
        PublishedFolder.at(folder)
            .current()
            .orElseThrow(
                () -> new RealmException.BadInput(folder + ": expected a saved REALM, found none"));
    RealmModel model = RealmModel.open(saved.resolve("model"));
    PassageStore store = PassageStore.open(saved.resolve("corpus"));
    return closingOnFailure(store, () -> open(saved, model, store));
  }

  private static Realm open(Path folder, RealmModel model, PassageStore store) {
    Backend backend = BackendProvider.backend("auto");
    int threads = Runtime.getRuntime().availableProcessors();
    try (Safetensors file = Safetensors.open(folder.resolve("index.safetensors"))) {
      int dimension = model.config().embedder().projection();
      long[] shape = file.shape("vectors");
      if (shape.length != 2 || shape[0] != store.size() || shape[1] != dimension) {
        throw new RealmException.Incompatible(
            folder
                + ": index: expected "
                + store.size()
                + " vectors of "
                + dimension
                + ", found "
                + java.util.Arrays.toString(shape));
      }
      KnowledgeIndex index =
          new KnowledgeIndex(
              MipsIndexProvider.named("exact"), file.floats("vectors"), dimension, 0, threads);
      return new Realm(model, store, null, backend, threads, index);
    }
  }

  private static Realm closingOnFailure(PassageStore store, Supplier<Realm> realm) {
    try {
      return realm.get();
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
    PublishedFolder.at(folder).publish(this::write);
  }

  private void write(Path folder) {
    model.save(folder.resolve("model"));
    PassageStore.build(
            folder.resolve("corpus"),
            Corpus.of(passages()),
            model.tokenizer(),
            model.config().passageLimit())
        .close();
    LinkedHashMap<String, Safetensors.Entry> tensors = new LinkedHashMap<>();
    tensors.put(
        "vectors",
        new Safetensors.Entry(new long[] {index.size(), index.dimension()}, index.vectors()));
    Safetensors.write(folder.resolve("index.safetensors"), tensors, Map.of());
  }

  private List<Passage> passages() {
    List<Passage> all = new ArrayList<>();
    for (int p = 0; p < store.size(); p++) {
      all.add(store.passage(p));
    }
    return all;
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
    try (Session session = backend.open(threads)) {
      if (clozeSteps > 0) {
        new InverseClozeTask(model, store)
            .run(InverseClozeTask.Settings.of(clozeSteps), session, (step, loss) -> {});
        replace(embed(0));
      }
      new EncoderWarmUp(
              model, store, queries(model, store, Pretraining.steps(0)), occurrences, index)
          .run(EncoderWarmUp.Settings.of(encoderSteps), session, (step, likelihood) -> {});
    }
  }

  /** Trains retriever and encoder together (section 3), then embeds the corpus once more. */
  public void pretrain(Pretraining settings, PretrainingListener listener) {
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
      replace(trainer.index());
    }
  }

  private void replace(KnowledgeIndex next) {
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

  private KnowledgeIndex embed(long step) {
    try (Session session = backend.open(threads)) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE);
      return new KnowledgeIndex(
          MipsIndexProvider.named("exact"),
          vectors,
          model.config().embedder().projection(),
          step,
          threads);
    }
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("realm-corpus");
    } catch (IOException e) {
      throw new RealmException("no temporary folder: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
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
