package org.realm4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopKnnCollector;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.JsonObject;
import org.realm4j.retrieval.MipsIndex.Hits;

/**
 * Lucene's graph (HNSW with the codec's 16 connections and beam of 100) by raw inner products, in
 * one segment. A row is a document, whose number is that of the row; the graph is asked directly,
 * without a query around it.
 */
final class HnswLoad implements Worker.Load {
  private static final String FIELD = "vector";

  /** Queries that a thread claims at a time. */
  private static final int TASK = 16;

  private final int threads;
  private final QueryCycle queries;
  private final Path vectors;
  private final Directory folder;
  private final ExecutorService executor;
  private @Nullable DirectoryReader reader;

  /** Job: threads, dimension, vectors, queries (files of float32), folder (of the index). */
  HnswLoad(JsonObject job) {
    threads = job.int32("threads");
    queries = QueryCycle.read(Path.of(job.string("queries")), job.int32("dimension"));
    vectors = Path.of(job.string("vectors"));
    executor = Executors.newFixedThreadPool(threads, Thread.ofPlatform().daemon().factory());
    try {
      folder = FSDirectory.open(Path.of(job.string("folder")));
      reader = DirectoryReader.indexExists(folder) ? DirectoryReader.open(folder) : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Request: build; or search or rows, with k and ef, the candidates that a search keeps. */
  @Override
  public Map<String, Object> run(JsonObject request) {
    if (request.has("build")) {
      build();
      return Map.of();
    }
    int k = request.int32("k");
    int ef = request.int32("ef");
    QueryCycle.Search search = (values, count) -> search(values, count, k, ef);
    return request.has("search") ? queries.repeat(request, search) : queries.rows(request, search);
  }

  private void build() {
    QueryCycle rows = QueryCycle.read(vectors, queries.dimension());
    IndexWriterConfig config = new IndexWriterConfig();
    config.setRAMBufferSizeMB(2000); // one segment, no merges
    try {
      try (IndexWriter writer = new IndexWriter(folder, config)) {
        for (int row = 0; row < rows.count(); row++) {
          Document document = new Document();
          document.add(
              new KnnFloatVectorField(
                  FIELD, rows.batch(row, 1), VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT));
          writer.addDocument(document);
        }
        writer.forceMerge(1);
      }
      reader = DirectoryReader.open(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Hits[] search(float[] values, int count, int k, int ef) {
    DirectoryReader open = reader;
    if (open == null || open.leaves().size() != 1) {
      throw new IllegalStateException("expected an index of one segment");
    }
    LeafReader segment = open.leaves().getFirst().reader();
    Hits[] hits = new Hits[count];
    AtomicInteger next = new AtomicInteger();
    Callable<@Nullable Void> task =
        () -> {
          for (int from = next.getAndAdd(TASK); from < count; from = next.getAndAdd(TASK)) {
            for (int q = from; q < Math.min(count, from + TASK); q++) {
              hits[q] = search(segment, query(values, q), k, ef);
            }
          }
          return null;
        };
    try {
      List<Callable<@Nullable Void>> tasks = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        tasks.add(task);
      }
      for (Future<@Nullable Void> done : executor.invokeAll(tasks)) {
        done.get();
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("searching Lucene's graph", e);
    }
    return hits;
  }

  private float[] query(float[] values, int q) {
    return Arrays.copyOfRange(values, q * queries.dimension(), (q + 1) * queries.dimension());
  }

  private static Hits search(LeafReader segment, float[] query, int k, int ef) throws IOException {
    TopKnnCollector best = new TopKnnCollector(ef, Integer.MAX_VALUE);
    AcceptDocs all = AcceptDocs.fromLiveDocs(segment.getLiveDocs(), segment.maxDoc());
    segment.searchNearestVectors(FIELD, query, best, all);
    ScoreDoc[] found = best.topDocs().scoreDocs;
    int[] rows = new int[k];
    float[] scores = new float[k];
    Arrays.fill(rows, -1); // a graph may find fewer
    for (int i = 0; i < Math.min(k, found.length); i++) {
      rows[i] = found[i].doc;
      scores[i] = found[i].score;
    }
    return new Hits(rows, scores);
  }

  @Override
  public long parameters() {
    return 0;
  }

  @Override
  public void close() {
    executor.shutdownNow();
    try {
      if (reader != null) {
        reader.close();
      }
      folder.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
