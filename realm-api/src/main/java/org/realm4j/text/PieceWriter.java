package org.realm4j.text;

import java.util.Arrays;

/**
 * Collects the normalised letters of a word and, at its end, writes its pieces. One per call of
 * {@link WordPiece#encode}, for one thread.
 */
final class PieceWriter {
  /** Longer words, in code points, are [UNK]. */
  private static final int MAX_WORD = 100;

  private final PieceTrie trie;
  private final int unk;

  // The word so far, by normalised code unit: the unit and the original text that it came from.
  // Units beyond the longest word that is looked up are counted, but not kept.
  private final char[] word = new char[2 * MAX_WORD];
  private final int[] from = new int[2 * MAX_WORD];
  private final int[] to = new int[2 * MAX_WORD];
  private int units;
  private int codePoints;
  private int wordEnd;

  private int[] ids;
  private int[] starts;
  private int[] ends;
  private int size;

  PieceWriter(PieceTrie trie, int unk, int textLength) {
    this.trie = trie;
    this.unk = unk;
    int guess = textLength / 4 + 8; // English has about 4.5 characters to a piece.
    this.ids = new int[guess];
    this.starts = new int[guess];
    this.ends = new int[guess];
  }

  void letter(int codePoint, int start, int end) {
    wordEnd = end;
    if (codePoints++ >= MAX_WORD) {
      return;
    }
    if (codePoint < 0x10000) {
      unit((char) codePoint, start, end);
    } else {
      unit(Character.highSurrogate(codePoint), start, end);
      unit(Character.lowSurrogate(codePoint), start, end);
    }
  }

  private void unit(char c, int start, int end) {
    word[units] = c;
    from[units] = start;
    to[units++] = end;
  }

  void endWord() {
    if (codePoints == 0) {
      return;
    }
    int before = size;
    if (codePoints > MAX_WORD || !split()) {
      size = before;
      token(unk, from[0], wordEnd);
    }
    units = 0;
    codePoints = 0;
  }

  /** Greedy longest match; false, with some pieces already written, where none fits. */
  private boolean split() {
    for (int at = 0, next; at < units; at = next) {
      int node = at == 0 ? PieceTrie.ROOT : trie.continuation();
      int id = -1;
      next = at;
      for (int i = at; i < units; ) {
        node = trie.child(node, word[i++]);
        if (node < 0) {
          break;
        }
        int here = trie.id(node);
        if (here >= 0) {
          id = here;
          next = i;
        }
      }
      if (id < 0) {
        return false;
      }
      token(id, from[at], to[next - 1]);
    }
    return true;
  }

  void token(int id, int start, int end) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
      starts = Arrays.copyOf(starts, 2 * size);
      ends = Arrays.copyOf(ends, 2 * size);
    }
    ids[size] = id;
    starts[size] = start;
    ends[size++] = end;
  }

  WordPiece.Encoding encoding() {
    return new WordPiece.Encoding(
        Arrays.copyOf(ids, size), Arrays.copyOf(starts, size), Arrays.copyOf(ends, size));
  }
}
