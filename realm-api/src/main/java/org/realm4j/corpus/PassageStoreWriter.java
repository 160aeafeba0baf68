package org.realm4j.corpus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.realm4j.io.BlockFile;
import org.realm4j.io.BlockFileWriter;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

/** Writes the two files of a {@link PassageStore} in one pass over the corpus. */
final class PassageStoreWriter {
  // The table of ids has up to four times as many slots, and its size is an int.
  private static final int MOST_PASSAGES = 1 << 28;

  /** What to write, in order. */
  private interface Source {
    void forEach(Consumer<PassageSplitter.Encoded> consumer);
  }

  private final String description;
  private final Source source;
  private final int limit;
  private final int vocabularySize;
  private final LongArrayList offsets = new LongArrayList();
  private final IntArrayList hashes = new IntArrayList();
  private long wordpieces;

  private PassageStoreWriter(String description, Source source, int limit, int vocabularySize) {
    this.description = description;
    this.source = source;
    this.limit = limit;
    this.vocabularySize = vocabularySize;
  }

  /** Splits and tokenises a corpus. */
  static PassageStoreWriter of(Corpus corpus, WordPiece tokenizer, int limit) {
    PassageSplitter splitter = new PassageSplitter(tokenizer, limit);
    return new PassageStoreWriter(
        corpus.describe(),
        consumer -> corpus.forEach(passage -> splitter.encode(passage).forEach(consumer)),
        limit,
        tokenizer.vocabulary().size());
  }

  /** Takes passages from stores as they are there, in order. */
  static PassageStoreWriter of(List<PassageStore.Selection> selections, String description) {
    PassageStore first = selections.getFirst().store();
    return new PassageStoreWriter(
        description,
        consumer -> selections.forEach(selection -> encoded(selection, consumer)),
        first.limit(),
        first.vocabularySize());
  }

  private static void encoded(
      PassageStore.Selection selection, Consumer<PassageSplitter.Encoded> consumer) {
    PassageStore store = selection.store();
    for (int number : selection.passages()) {
      consumer.accept(
          new PassageSplitter.Encoded(
              store.passage(number), store.titleIds(number), store.textIds(number)));
    }
  }

  void publish(Path dir) {
    PublishedFolder.at(dir).publish(this::write);
  }

  /** Writes both files into an empty folder. */
  void write(Path folder) {
    Path dataFile = folder.resolve(PassageStore.DATA);
    byte[] generation;
    try (BlockFileWriter data = new BlockFileWriter(dataFile)) {
      source.forEach(part -> add(data, part));
      if (offsets.isEmpty()) {
        throw new RealmException.BadInput(
            description + ": expected at least one passage, found none");
      }
      offsets.add(data.length());
      generation = generation(data.digest());
      data.finish(PassageStore.DATA_KIND, generation);
    }
    int[] slots = slots(dataFile);
    try (BlockFileWriter index = new BlockFileWriter(folder.resolve(PassageStore.INDEX))) {
      writeIndex(index, slots);
      index.finish(PassageStore.INDEX_KIND, generation);
    }
  }

  private void add(BlockFileWriter data, PassageSplitter.Encoded part) {
    Passage passage = part.passage();
    check(part);
    byte[] id = passage.id().getBytes(UTF_8);
    byte[] title = passage.title().getBytes(UTF_8);
    byte[] text = passage.text().getBytes(UTF_8);
    offsets.add(data.length());
    hashes.add(IdTable.hash(id));
    wordpieces += part.titleIds().length + part.textIds().length;
    int[] lengths = {
      id.length, title.length, text.length, part.titleIds().length, part.textIds().length
    };
    data.putInts(lengths);
    data.putBytes(id);
    data.putBytes(title);
    data.putBytes(text);
    data.putInts(part.titleIds());
    data.putInts(part.textIds());
  }

  private void check(PassageSplitter.Encoded part) {
    Passage passage = part.passage();
    if (passage.id().isEmpty()) {
      throw new RealmException.BadInput(
          description + ": passage " + hashes.size() + ": expected an id, found none");
    }
    if (part.textIds().length == 0) {
      throw new RealmException.BadInput(
          "%s: passage '%s' (title '%s'): expected at least one wordpiece of text, found none"
              .formatted(description, passage.id(), passage.title()));
    }
    if (hashes.size() == MOST_PASSAGES) {
      throw new RealmException.BadInput(
          "%s: expected at most %,d passages, found more".formatted(description, MOST_PASSAGES));
    }
  }

  /** From the content alone, so that the same corpus gives the same bytes. */
  private byte[] generation(byte[] dataDigest) {
    MessageDigest digest = BlockFileWriter.sha256();
    digest.update(dataDigest);
    digest.update(ByteBuffer.allocate(8).putInt(limit).putInt(vocabularySize).flip());
    return Arrays.copyOf(digest.digest(), 16);
  }

  /** The table of ids, see {@link IdTable}; reads an id again where two fall on the same hash. */
  private int[] slots(Path dataFile) {
    int[] slots = new int[IdTable.slots(hashes.size())];
    try (Arena arena = Arena.ofConfined()) {
      BlockFile data = BlockFile.open(dataFile, PassageStore.DATA_KIND, arena);
      for (int number = 0; number < hashes.size(); number++) {
        int slot = hashes.getInt(number) & slots.length - 1;
        while (slots[slot] != 0) {
          refuseDuplicate(data, slots[slot] - 1, number);
          slot = slot + 1 & slots.length - 1;
        }
        slots[slot] = number + 1;
      }
    }
    return slots;
  }

  private void refuseDuplicate(BlockFile data, int first, int second) {
    if (hashes.getInt(first) == hashes.getInt(second)
        && id(data, first).mismatch(id(data, second)) == -1) {
      String id = new String(id(data, second).toArray(JAVA_BYTE), UTF_8);
      throw new RealmException.BadInput(
          "%s: passages %d and %d, counted after splitting, have the same id '%s'"
              .formatted(description, first, second, id));
    }
  }

  private MemorySegment id(BlockFile data, int number) {
    return PassageStore.entry(data, offsets.getLong(number), offsets.getLong(number + 1), number)
        .id();
  }

  private void writeIndex(BlockFileWriter index, int[] slots) {
    byte[] about = description.getBytes(UTF_8);
    if (about.length > PassageStore.MOST_SOURCE_BYTES) {
      throw new RealmException.BadInput(
          "description of the corpus: expected at most %d bytes, found %d"
              .formatted(PassageStore.MOST_SOURCE_BYTES, about.length));
    }
    index.putInt(hashes.size());
    index.putInt(limit);
    index.putInt(vocabularySize);
    index.putInt(about.length);
    index.putLong(wordpieces);
    index.putInt(slots.length);
    index.putInt(0);
    offsets.forEach(index::putLong);
    index.putInts(slots);
    index.putBytes(about);
  }
}
