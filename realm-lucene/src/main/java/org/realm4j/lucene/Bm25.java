package org.realm4j.lucene;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.text.Passage;

/**
 * Ranks passages by BM25 with k1 = 0.9 and b = 0.4, the values that published open-domain question
 * answering baselines use. Title and text are one field; the analyzer is Lucene's English one
 * (lower case, possessives, Porter stems) without stop words. The index is in memory.
 *
 * <p>A query is plain text: every term counts once, any of them may match, and no character has a
 * special meaning. Passages have the numbers of the order in which they were given. Safe for use by
 * several threads.
 */
public final class Bm25 implements AutoCloseable {
  static final float K1 = 0.9f;
  static final float B = 0.4f;

  private static final String FIELD = "passage";

  private final ByteBuffersDirectory directory;
  private final Analyzer analyzer;
  private final DirectoryReader reader;
  private final IndexSearcher searcher;

  private Bm25(ByteBuffersDirectory directory, Analyzer analyzer) throws IOException {
    this.directory = directory;
    this.analyzer = analyzer;
    this.reader = DirectoryReader.open(directory);
    this.searcher = new IndexSearcher(reader);
    searcher.setSimilarity(new BM25Similarity(K1, B));
    // A query is searched once: remembering it would only cost memory.
    searcher.setQueryCache(null);
  }

  /**
   * Indexes passages.
   *
   * @throws RealmException.BadInput if there are none
   */
  public static Bm25 index(Iterable<Passage> passages) {
    return index(passages, IndexWriterConfig.DISABLE_AUTO_FLUSH);
  }

  /** With a segment every so many passages, to test that many segments keep the order. */
  static Bm25 index(Iterable<Passage> passages, int passagesASegment) {
    Analyzer analyzer = new EnglishAnalyzer(CharArraySet.EMPTY_SET);
    ByteBuffersDirectory directory = new ByteBuffersDirectory();
    IndexWriterConfig config = new IndexWriterConfig(analyzer);
    config.setSimilarity(new BM25Similarity(K1, B));
    // Lucene's numbers are those of the passages if one thread writes, only neighbours are merged
    // (the default policy takes any segments), and one segment is left.
    config.setMergePolicy(new LogDocMergePolicy());
    config.setMergeScheduler(new SerialMergeScheduler());
    config.setMaxBufferedDocs(passagesASegment);
    try (IndexWriter writer = new IndexWriter(directory, config)) {
      Document document = new Document();
      Field field = new TextField(FIELD, "", Field.Store.NO);
      document.add(field);
      int count = 0;
      for (Passage passage : passages) {
        field.setStringValue(passage.title() + "\n" + passage.text());
        writer.addDocument(document);
        count++;
      }
      if (count == 0) {
        throw new RealmException.BadInput("BM25 index: expected at least one passage, found none");
      }
      writer.forceMerge(1);
      writer.commit();
      return new Bm25(directory, analyzer);
    } catch (IOException e) {
      throw new UncheckedIOException("BM25 index in memory", e);
    }
  }

  /** The number of passages. */
  public int size() {
    return reader.maxDoc();
  }

  /**
   * The passages that share a term with the query, best first, those of equal score in the order of
   * their numbers.
   *
   * @param k at least 1; fewer come back if fewer match
   */
  public int[] search(String query, int k) {
    return search(query, k, -1);
  }

  /**
   * The same without one passage, such as the one that the query comes from.
   *
   * @param excludedOrdinal a passage number, or -1 for none
   */
  public int[] search(String query, int k, int excludedOrdinal) {
    return rank(query, k, excludedOrdinal).rows();
  }

  /**
   * What {@link #search(String, int)} finds, with the scores: sums of idf(t) tf / (tf + k1 (1 - b +
   * b length / mean length)), above 0, as Lucene computes them in float.
   */
  public MipsIndex.Hits rank(String query, int k) {
    return rank(query, k, -1);
  }

  /**
   * The same without one passage, such as the one that the query comes from.
   *
   * @param excludedOrdinal a passage number, or -1 for none
   */
  public MipsIndex.Hits rank(String query, int k, int excludedOrdinal) {
    if (k < 1) {
      throw new RealmException.BadInput("BM25 search: expected k of at least 1, found " + k);
    }
    // One more than asked for, since the excluded one may be among them.
    int wanted = (int) Math.min(size(), k + 1L);
    try {
      List<ScoreDoc> hits =
          Arrays.stream(searcher.search(query(query), wanted).scoreDocs)
              .filter(hit -> hit.doc != excludedOrdinal)
              .limit(k)
              .toList();
      int[] rows = new int[hits.size()];
      float[] scores = new float[rows.length];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = hits.get(i).doc;
        scores[i] = hits.get(i).score;
      }
      return new MipsIndex.Hits(rows, scores);
    } catch (IOException e) {
      throw new UncheckedIOException("BM25 index in memory", e);
    }
  }

  /** Any of the terms. Lucene limits the number of clauses, so that a long query is cut there. */
  private Query query(String text) throws IOException {
    List<String> terms = terms(text);
    if (terms.isEmpty()) {
      return new MatchNoDocsQuery("no terms");
    }
    BooleanQuery.Builder builder = new BooleanQuery.Builder();
    terms.stream()
        .limit(IndexSearcher.getMaxClauseCount())
        .forEach(
            term -> builder.add(new TermQuery(new Term(FIELD, term)), BooleanClause.Occur.SHOULD));
    return builder.build();
  }

  private List<String> terms(String text) throws IOException {
    Set<String> terms = new LinkedHashSet<>();
    try (TokenStream stream = analyzer.tokenStream(FIELD, text)) {
      CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        terms.add(term.toString());
      }
      stream.end();
    }
    return new ArrayList<>(terms);
  }

  /** Releases the index. */
  @Override
  public void close() {
    try {
      reader.close();
      directory.close();
      analyzer.close();
    } catch (IOException e) {
      throw new UncheckedIOException("BM25 index in memory", e);
    }
  }
}
