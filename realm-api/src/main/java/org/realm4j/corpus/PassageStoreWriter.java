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
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

/** Writes the two files of a {@link PassageStore} in one pass over the corpus. */
final class PassageStoreWriter {
  // The table of ids has up to four times as many slots, and its size is an int.
  private static final int MOST_PASSAGES = 1 << 28;

  private final Corpus corpus;
  private final PassageSplitter splitter;
  private final int limit;
  private final int vocabularySize;
  private final LongArrayList offsets = new LongArrayList();
  private final IntArrayList hashes = new IntArrayList();
  private long wordpieces;

  private PassageStoreWriter(Corpus corpus, WordPiece tokenizer, int limit) {
    this.corpus = corpus;
    this.splitter = new PassageSplitter(tokenizer, limit);
    this.limit = limit;
    this.vocabularySize = tokenizer.vocabulary().size();
  }

  static void publish(Path dir, Corpus corpus, WordPiece tokenizer, int limit) {
    PublishedFolder.at(dir).publish(new PassageStoreWriter(corpus, tokenizer, limit)::write);
  }

  /** Writes both files into an empty folder. */
  private void write(Path folder) {
    Path dataFile = folder.resolve(PassageStore.DATA);
    byte[] generation;
    try (BlockFileWriter data = new BlockFileWriter(dataFile)) {
      corpus.forEach(passage -> splitter.encode(passage).forEach(part -> add(data, part)));
      if (offsets.isEmpty()) {
        throw new RealmException.BadInput(
            corpus.describe() + ": expected at least one passage, found none");
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
          corpus.describe() + ": passage " + hashes.size() + ": expected an id, found none");
    }
    if (part.textIds().length == 0) {
      throw new RealmException.BadInput(
          "%s: passage '%s' (title '%s'): expected at least one wordpiece of text, found none"
              .formatted(corpus.describe(), passage.id(), passage.title()));
    }
    if (hashes.size() == MOST_PASSAGES) {
      throw new RealmException.BadInput(
          "%s: expected at most %,d passages, found more"
              .formatted(corpus.describe(), MOST_PASSAGES));
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
              .formatted(corpus.describe(), first, second, id));
    }
  }

  private MemorySegment id(BlockFile data, int number) {
    return PassageStore.entry(data, offsets.getLong(number), offsets.getLong(number + 1), number)
        .id();
  }

  private void writeIndex(BlockFileWriter index, int[] slots) {
    byte[] source = corpus.describe().getBytes(UTF_8);
    if (source.length > PassageStore.MOST_SOURCE_BYTES) {
      throw new RealmException.BadInput(
          "description of the corpus: expected at most %d bytes, found %d"
              .formatted(PassageStore.MOST_SOURCE_BYTES, source.length));
    }
    index.putInt(hashes.size());
    index.putInt(limit);
    index.putInt(vocabularySize);
    index.putInt(source.length);
    index.putLong(wordpieces);
    index.putInt(slots.length);
    index.putInt(0);
    offsets.forEach(index::putLong);
    index.putInts(slots);
    index.putBytes(source);
  }
}
