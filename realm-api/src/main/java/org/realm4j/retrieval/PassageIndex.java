package org.realm4j.retrieval;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

/**
 * Passages, their vectors and an index over them in a folder: searched by inner product, added to,
 * removed from, and never half of one state and half of another.
 *
 * <p>Every change is published as a new generation. What it did not touch it takes over: passages
 * lie in segments that never change, and what is removed is a set of bits beside them. Small
 * segments at the end are merged with what is added, and a segment that has lost more than half is
 * written anew; vectors are copied then, not computed. Opening maps files and reads a few hundred
 * bytes, whatever the size.
 *
 * <p>Whoever searches holds an {@link IndexReader}, one generation, for as long as it likes; it
 * never blocks and is never blocked. Changes wait for each other; of several processes one can
 * change a folder at a time. Thread-safe.
 */
public final class PassageIndex implements AutoCloseable {
  /** Computes the vectors of passages. */
  @FunctionalInterface
  public interface Embedding {
    /** Puts one vector for each passage of the store, in their order. */
    void embed(PassageStore store, VectorSink sink);
  }

  private final Path dir;
  private final PublishedFolder folder;
  private final IndexSettings settings;
  private final MipsIndexProvider provider;
  private final int threads;
  private volatile @Nullable Generation current;

  private PassageIndex(Path dir, IndexSettings settings, int threads) {
    this.dir = dir;
    this.folder = PublishedFolder.at(dir);
    this.settings = settings;
    this.provider = settings.provider();
    this.threads = threads;
    this.current = Generation.open(published(dir), provider, threads, List.of());
  }

  /**
   * Embeds the passages of a store and publishes an index of them, in place of one that is there.
   * The store is copied into it, with its limit.
   *
   * @param settings with the store's limit
   * @throws RealmException.BadInput if a vector cannot be searched, an approximate index finds too
   *     little, or another writer has the folder
   */
  public static PassageIndex build(
      Path dir, IndexSettings settings, PassageStore store, Embedding embedding, int threads) {
    MipsIndexProvider provider = settings.provider();
    int[] all = IntStream.range(0, store.size()).toArray();
    PublishedFolder.at(dir)
        .publish(
            generation -> {
              Path segment = Files.createDirectory(generation.resolve("segment-1"));
              PassageStore.write(
                  segment, List.of(new PassageStore.Selection(store, all)), store.source());
              IndexSegment.write(
                  segment,
                  sink -> embedding.embed(store, sink),
                  settings.dimension(),
                  provider,
                  threads);
              new IndexManifest(settings, List.of("segment-1")).write(generation);
            });
    return open(dir, threads);
  }

  /**
   * Opens what {@link #build} has published.
   *
   * @param threads how many threads a search may use
   * @throws RealmException.BadInput if there is no index
   * @throws RealmException.CorruptFile if a file is missing, cut, or of another build
   */
  public static PassageIndex open(Path dir, int threads) {
    return new PassageIndex(dir, IndexManifest.read(published(dir)).settings(), threads);
  }

  /** Whether there is an index in the folder. */
  public static boolean at(Path dir) {
    return PublishedFolder.at(dir)
        .current()
        .map(generation -> Files.exists(generation.resolve(IndexManifest.FILE)))
        .orElse(false);
  }

  private static Path published(Path dir) {
    return PublishedFolder.at(dir)
        .current()
        .orElseThrow(() -> new RealmException.BadInput(dir + ": expected an index, found none"));
  }

  /** What it was built with. */
  public IndexSettings settings() {
    return settings;
  }

  /**
   * Refuses an index that another model made: its scores would mean nothing.
   *
   * @param fingerprint of the towers that are to search it
   */
  public void checkBelongsTo(String fingerprint) {
    if (!settings.model().equals(fingerprint)) {
      throw new RealmException.Incompatible(
          "%s: made with another model: expected fingerprint %s, found %s"
              .formatted(dir, fingerprint, settings.model()));
    }
  }

  /**
   * The generation that is current now, to search in; to be closed.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public IndexReader reader() {
    while (true) {
      Generation generation = current;
      if (generation == null) {
        throw new IllegalStateException("the index " + dir + " is used after it was closed");
      }
      // Refused if a change has replaced it, and its last reader closed it, in between.
      if (generation.take()) {
        return new IndexReader(generation, settings.dimension());
      }
    }
  }

  /**
   * Adds passages, after those that are there.
   *
   * @throws RealmException.BadInput if an id is there already, or comes twice
   */
  public synchronized void add(List<Passage> passages, WordPiece tokenizer, Embedding embedding) {
    change(passages, Set.of(), tokenizer, embedding);
  }

  /**
   * Removes passages, with all parts of those that were split.
   *
   * @throws RealmException.BadInput if one is not there; then none is removed
   */
  public synchronized void remove(Collection<String> ids) {
    publish(new LinkedHashSet<>(ids), null);
  }

  /**
   * Adds passages; one whose id is there takes the place of the old one, in one step, and comes
   * after all others.
   */
  public synchronized void replace(
      List<Passage> passages, WordPiece tokenizer, Embedding embedding) {
    Set<String> known = new LinkedHashSet<>();
    try (IndexReader reader = reader()) {
      for (Passage passage : passages) {
        String id = passage.id();
        if (reader.holds(id)) {
          known.add(id);
        }
      }
    }
    change(passages, known, tokenizer, embedding);
  }

  private void change(
      List<Passage> add, Set<String> remove, WordPiece tokenizer, Embedding embedding) {
    if (!add.isEmpty()) {
      publish(remove, new IndexChange.Addition(add, tokenizer, embedding));
    }
  }

  private void publish(Set<String> remove, IndexChange.@Nullable Addition add) {
    try (IndexReader reader = reader()) {
      Generation before = reader.generation();
      IndexChange change = new IndexChange(before, settings, provider, threads);
      change.remove(remove);
      folder.publish(
          generation -> {
            if (!published(dir).getFileName().toString().equals(before.id())) {
              throw new RealmException.BadInput(
                  "%s: expected %s, as it was opened, found that another writer changed it: open it"
                          .formatted(dir, before.id())
                      + " again");
            }
            change.writeTo(generation, add);
          });
      current = Generation.open(published(dir), provider, threads, before.segments());
      before.giveBack(); // what this index held; readers hold it on
    }
  }

  /**
   * Reads all files and compares every checksum.
   *
   * @throws RealmException.CorruptFile that names the first file that differs
   */
  public static void check(Path dir) {
    published(dir);
    PublishedFolder.at(dir).check();
  }

  /** Readers may go on until they are closed. Idempotent. */
  @Override
  public synchronized void close() {
    Generation generation = current;
    current = null;
    if (generation != null) {
      generation.giveBack();
    }
  }
}
