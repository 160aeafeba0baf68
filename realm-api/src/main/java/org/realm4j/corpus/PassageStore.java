package org.realm4j.corpus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.realm4j.io.BlockFile.INT;
import static org.realm4j.io.BlockFile.LONG;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.realm4j.io.BlockFile;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

/**
 * The passages that can be retrieved, with their wordpieces, in files that are mapped into memory:
 * what the paper calls the knowledge corpus Z (section 3). Passages are numbered from 0 in the
 * order of the corpus; those beyond the limit have been split by {@link PassageSplitter}.
 *
 * <p>Opening looks at a few hundred bytes, whatever the size, and puts nothing on the heap; {@link
 * #check} reads everything. What damage a reader meets is a {@link RealmException.CorruptFile},
 * never a large allocation. A store does not change once built. Safe for use by several threads;
 * after {@link #close} every other method throws {@link IllegalStateException}.
 */
public final class PassageStore implements AutoCloseable {
  /** Wordpieces of title, text and three special ones: the length of the released models. */
  public static final int DEFAULT_LIMIT = 288;

  static final String DATA = "passages.data";
  static final String INDEX = "passages.index";
  static final int DATA_KIND = BlockFile.kind("PDAT");
  static final int INDEX_KIND = BlockFile.kind("PIDX");

  /** Lengths of id, title and text in bytes, of title and text in wordpieces. */
  static final int RECORD_HEADER = 20;

  /** Before the offsets of the records in the index file. */
  static final int INDEX_HEADER = 32;

  static final int MOST_SOURCE_BYTES = 1 << 16;

  private final Arena arena;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final BlockFile data;
  private final BlockFile index;
  private final int size;
  private final int limit;
  private final int vocabularySize;
  private final long wordpieces;
  private final IdTable ids;
  private final String source;

  /**
   * Reads the corpus once, splits and tokenises, and publishes a store in the folder; one that is
   * there already is replaced only when the new one is complete. Needs memory for 20 to 32 bytes a
   * passage.
   *
   * @param dir created if it does not exist
   * @param limit the most wordpieces of title, text and three special ones, see {@link
   *     PassageSplitter}
   * @throws RealmException.BadInput if the corpus is empty, an id occurs twice, or a passage has no
   *     wordpiece
   */
  public static PassageStore build(Path dir, Corpus corpus, WordPiece tokenizer, int limit) {
    PassageStoreWriter.of(corpus, tokenizer, limit).publish(dir);
    return open(dir);
  }

  /**
   * Passages of a store.
   *
   * @param passages their numbers
   */
  public record Selection(PassageStore store, int[] passages) {}

  /**
   * Publishes a store of passages that others have, in the order given, with the wordpieces that
   * they have there.
   *
   * @param selections of stores of the same limit and vocabulary; at least one passage
   * @param description of the source, for reports
   * @throws RealmException.BadInput if an id occurs twice
   */
  public static PassageStore select(Path dir, List<Selection> selections, String description) {
    writer(selections, description).publish(dir);
    return open(dir);
  }

  private static PassageStoreWriter writer(List<Selection> selections, String description) {
    PassageStore first = selections.getFirst().store();
    for (Selection selection : selections) {
      PassageStore store = selection.store();
      if (store.limit() != first.limit() || store.vocabularySize() != first.vocabularySize()) {
        throw new RealmException.Incompatible(
            "%s: expected a limit of %d and a vocabulary of %d, as in %s, found %d and %d"
                .formatted(
                    store.data.path(),
                    first.limit(),
                    first.vocabularySize(),
                    first.data.path(),
                    store.limit(),
                    store.vocabularySize()));
      }
    }
    return PassageStoreWriter.of(selections, description);
  }

  /**
   * Writes what {@link #build} publishes into an empty folder that is part of something larger,
   * which publishes it.
   */
  public static void write(Path folder, Corpus corpus, WordPiece tokenizer, int limit) {
    PassageStoreWriter.of(corpus, tokenizer, limit).write(folder);
  }

  /** The same for {@link #select}. */
  public static void write(Path folder, List<Selection> selections, String description) {
    writer(selections, description).write(folder);
  }

  /**
   * Opens what {@link #build} has published.
   *
   * @throws RealmException.BadInput if there is no store in the folder
   * @throws RealmException.CorruptFile if a file is no part of a store, is cut, or belongs to
   *     another build
   * @throws RealmException.Incompatible if a later release wrote it
   */
  public static PassageStore open(Path dir) {
    return openFiles(
        PublishedFolder.at(dir)
            .current()
            .orElseThrow(
                () -> new RealmException.BadInput(dir + ": expected a passage store, found none")));
  }

  /** Opens the files that were written into a folder. */
  public static PassageStore openFiles(Path folder) {
    Arena arena = Arena.ofShared();
    try {
      BlockFile index = BlockFile.open(folder.resolve(INDEX), INDEX_KIND, arena);
      BlockFile data = BlockFile.open(folder.resolve(DATA), DATA_KIND, arena);
      return new PassageStore(arena, data, index);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private PassageStore(Arena arena, BlockFile data, BlockFile index) {
    this.arena = arena;
    this.data = data;
    this.index = index;
    if (!data.generation().equals(index.generation())) {
      throw new RealmException.CorruptFile(
          "%s: expected generation %s as in %s, found %s: the files are of different builds"
              .formatted(data.path(), index.generation(), INDEX, data.generation()));
    }
    MemorySegment head = index.payload();
    if (head.byteSize() < INDEX_HEADER) {
      throw index.corrupt("a payload of at least 32 bytes", head.byteSize() + " bytes");
    }
    size = head.get(INT, 0);
    limit = head.get(INT, 4);
    vocabularySize = head.get(INT, 8);
    int sourceBytes = head.get(INT, 12);
    wordpieces = head.get(LONG, 16);
    int slots = head.get(INT, 24);
    if (sourceBytes < 0 || sourceBytes > MOST_SOURCE_BYTES) {
      throw index.corrupt(
          "a description of at most " + MOST_SOURCE_BYTES + " bytes", "" + sourceBytes);
    }
    if (size < 1 || Integer.bitCount(slots) != 1 || slots <= size) {
      throw index.corrupt(
          "a passage, and a table for its ids", size + " passages and " + slots + " slots");
    }
    long table = INDEX_HEADER + 8L * (size + 1L);
    long expected = table + 4L * slots + sourceBytes;
    if (head.byteSize() != expected) {
      throw index.corrupt("a payload of " + expected + " bytes", head.byteSize() + " bytes");
    }
    ids = new IdTable(head.asSlice(table, 4L * slots), index);
    source = string(head.asSlice(table + 4L * slots, sourceBytes));
  }

  /** The number of passages, at least 1. */
  public int size() {
    ensureOpen();
    return size;
  }

  /** The passage as the corpus gave it, or the part of it. */
  public Passage passage(int index) {
    Entry entry = entry(index);
    return new Passage(string(entry.id()), string(entry.title()), string(entry.text()));
  }

  /** All passages in their order, each read when it is asked for. */
  public List<Passage> passages() {
    return new AbstractList<>() {
      @Override
      public Passage get(int index) {
        return passage(index);
      }

      @Override
      public int size() {
        return PassageStore.this.size();
      }
    };
  }

  /** The wordpieces of the title, without special ones; at most half the limit, perhaps none. */
  public int[] titleIds(int index) {
    return wordpieces(entry(index).titleIds(), index);
  }

  /** The wordpieces of the text, without special ones; at least one. */
  public int[] textIds(int index) {
    return wordpieces(entry(index).textIds(), index);
  }

  /** The number of the passage with this id, or -1. */
  public int indexOf(String id) {
    ensureOpen();
    return ids.find(id.getBytes(UTF_8), size, number -> entry(number).id());
  }

  /**
   * The numbers of the passage with this id and of the parts {@code id#1 …} of one that was split;
   * none if there is neither.
   */
  public int[] partsOf(String id) {
    IntArrayList numbers = new IntArrayList();
    int number = indexOf(id);
    for (int part = 1; number >= 0 || part == 1; part++) {
      if (number >= 0) {
        numbers.add(number);
      }
      number = indexOf(id + "#" + part);
    }
    return numbers.toIntArray();
  }

  /** The size of the vocabulary that the wordpieces are numbers of. */
  public int vocabularySize() {
    ensureOpen();
    return vocabularySize;
  }

  /** How many wordpieces all titles and texts have together, without special ones. */
  public long wordpieces() {
    ensureOpen();
    return wordpieces;
  }

  /** The limit that the passages were split by, with title and three special wordpieces. */
  public int limit() {
    ensureOpen();
    return limit;
  }

  /** What the corpus said that it is. */
  public String source() {
    ensureOpen();
    return source;
  }

  /** Source and size, for reports. */
  public String describe() {
    ensureOpen();
    return "%s: %,d passages of at most %d wordpieces".formatted(source, size, limit);
  }

  /**
   * 32 hexadecimal digits that are the same for the same passages, limit and wordpieces, wherever
   * and whenever the store was built. It is the generation id of both files.
   */
  public String fingerprint() {
    ensureOpen();
    return index.generation();
  }

  /**
   * Reads all files and compares every checksum.
   *
   * @throws RealmException.CorruptFile that names file, block, offset, expected and found checksum
   */
  public void check() {
    ensureOpen();
    index.check();
    data.check();
  }

  private void ensureOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the passage store " + data.path() + " is closed");
    }
  }

  /** The record of a passage, found to lie within the file. */
  private Entry entry(int number) {
    ensureOpen();
    Objects.checkIndex(number, size);
    long at = INDEX_HEADER + 8L * number;
    return entry(data, index.payload().get(LONG, at), index.payload().get(LONG, at + 8), number);
  }

  static Entry entry(BlockFile data, long start, long end, int number) {
    MemorySegment all = data.payload();
    if (start < 0 || end > all.byteSize() || end - start < RECORD_HEADER) {
      throw data.corrupt(
          "passage " + number + " within " + all.byteSize() + " bytes", start + " to " + end);
    }
    MemorySegment record = all.asSlice(start, end - start);
    int[] lengths = new int[5];
    long sum = RECORD_HEADER;
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = record.get(INT, 4L * i);
      sum += (i < 3 ? 1L : 4L) * lengths[i];
      if (lengths[i] < 0 || sum > record.byteSize()) {
        throw data.corrupt(
            "passage " + number + " of " + record.byteSize() + " bytes",
            "a part of length " + lengths[i]);
      }
    }
    if (sum != record.byteSize()) {
      throw data.corrupt(
          "passage " + number + " of " + record.byteSize() + " bytes", "parts of " + sum);
    }
    return new Entry(record, lengths);
  }

  private int[] wordpieces(MemorySegment segment, int number) {
    int[] ids = segment.toArray(INT);
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize) {
        throw data.corrupt(
            "wordpieces of passage " + number + " below " + vocabularySize, String.valueOf(id));
      }
    }
    return ids;
  }

  private static String string(MemorySegment bytes) {
    return new String(bytes.toArray(JAVA_BYTE), UTF_8);
  }

  /** Waits for nobody: close when no other thread reads. A second call does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      arena.close();
    }
  }

  /** A passage's bytes: the five lengths, then id, title, text, title's and text's wordpieces. */
  record Entry(MemorySegment record, int[] lengths) {
    MemorySegment id() {
      return part(0);
    }

    MemorySegment title() {
      return part(1);
    }

    MemorySegment text() {
      return part(2);
    }

    MemorySegment titleIds() {
      return part(3);
    }

    MemorySegment textIds() {
      return part(4);
    }

    private MemorySegment part(int which) {
      long start = RECORD_HEADER;
      for (int i = 0; i < which; i++) {
        start += (i < 3 ? 1L : 4L) * lengths[i];
      }
      return record.asSlice(start, (which < 3 ? 1L : 4L) * lengths[which]);
    }
  }
}
