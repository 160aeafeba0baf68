package org.realm4j.cli;

import java.nio.file.Path;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.lucene.Bm25;
import org.realm4j.nn.SpanReader;
import org.realm4j.qa.Answerer;
import org.realm4j.qa.DenseRetriever;
import org.realm4j.qa.QuestionRetriever;
import org.realm4j.qa.RankedRetriever;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Session;

/** A folder that {@code realm finetune} made, opened to answer questions. */
final class AnsweringFolder implements AutoCloseable {
  private final RealmFolder.Parts parts;
  private final SpanReader reader;
  private final KnowledgeIndex index;
  private final Session session;

  private AnsweringFolder(
      RealmFolder.Parts parts, SpanReader reader, KnowledgeIndex index, Session session) {
    this.parts = parts;
    this.reader = reader;
    this.index = index;
    this.session = session;
  }

  /**
   * Opens a folder; nothing is written to it.
   *
   * @throws RealmException.BadInput if it holds something else, or a model that was not fine-tuned
   */
  static AnsweringFolder open(Path folder, ComputeOptions compute) {
    RealmFolder.Parts parts = ModelFolder.complete(folder);
    try {
      SpanReader reader = parts.reader();
      if (reader == null) {
        throw new RealmException.BadInput(
            ("%s: expected a model with a reader, which answers questions, found one without;"
                    + " 'realm finetune --model %s' trains one")
                .formatted(folder, folder));
      }
      Session session = compute.backend().open(compute.threads());
      return new AnsweringFolder(parts, reader, index(parts, compute.threads()), session);
    } catch (RuntimeException e) {
      parts.store().close();
      throw e;
    }
  }

  static KnowledgeIndex index(RealmFolder.Parts parts, int threads) {
    return new KnowledgeIndex(
        MipsIndexProvider.named("exact"),
        parts.vectors(),
        parts.model().config().embedder().projection(),
        parts.madeAtStep(),
        threads);
  }

  PassageStore store() {
    return parts.store();
  }

  Session session() {
    return session;
  }

  /** Wordpieces of a question that are read; what comes after them is cut. */
  int questionLimit() {
    return parts.model().config().queryLimit() - 2;
  }

  /** Answers by the model's own retriever. */
  Answerer answerer() {
    return answerer(new DenseRetriever(parts.model(), index));
  }

  /** BM25 over the same passages. */
  Bm25 bm25() {
    return Bm25.index(parts.store().passages());
  }

  /**
   * Answers by BM25 and the same reader.
   *
   * @param scale of BM25's scores beside the reader's
   */
  Answerer answerer(Bm25 bm25, float scale) {
    return answerer(new RankedRetriever(bm25::rank, scale));
  }

  private Answerer answerer(QuestionRetriever retriever) {
    return new Answerer(parts.model(), reader, parts.store(), retriever, parts.madeAtStep());
  }

  @Override
  public void close() {
    session.close();
    index.close();
    parts.store().close();
  }
}
