package org.realm4j.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;

/**
 * BERT's tokenizer: cleans the text, cuts it at spaces, punctuation and ideographs, lower-cases and
 * strips accents, and splits each word into the longest pieces that the vocabulary has. A word that
 * cannot be split, or of more than 100 code points, becomes one [UNK]. A special token that stands
 * in the text exactly as it is written in the vocabulary, such as {@code [MASK]}, is that token.
 *
 * <p>Gives the ids and offsets of Hugging Face's bert-base-uncased. Safe for use by many threads.
 */
public final class WordPiece {
  private final Vocabulary vocabulary;
  private final boolean lowerCase;
  private final PieceTrie trie;
  private final List<String> specials;

  /** A tokenizer for an uncased model. */
  public WordPiece(Vocabulary vocabulary) {
    this(vocabulary, true);
  }

  /**
   * @param lowerCase whether to lower-case and strip accents; false for a cased model
   */
  public WordPiece(Vocabulary vocabulary, boolean lowerCase) {
    this.vocabulary = vocabulary;
    this.lowerCase = lowerCase;
    this.trie = new PieceTrie(vocabulary);
    List<String> names = new ArrayList<>();
    for (int id :
        new int[] {
          vocabulary.cls(), vocabulary.sep(), vocabulary.mask(), vocabulary.pad(), vocabulary.unk()
        }) {
      names.add(vocabulary.token(id));
    }
    this.specials = List.copyOf(names);
  }

  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** Whether it lower-cases and strips accents. */
  public boolean lowerCase() {
    return lowerCase;
  }

  /** The pieces of a text and where they stand in it, without [CLS] and [SEP] around them. */
  public Encoding encode(String text) {
    PieceWriter pieces = new PieceWriter(trie, vocabulary.unk(), text.length());
    int done = 0;
    for (int i = text.indexOf('['); i >= 0; i = text.indexOf('[', i + 1)) {
      String special = specialAt(text, i);
      if (special != null) {
        words(text, done, i, pieces);
        done = i + special.length();
        pieces.token(vocabulary.id(special), i, done);
      }
    }
    words(text, done, text.length(), pieces);
    return pieces.encoding();
  }

  /** The ids of {@link #encode} alone. */
  public int[] ids(String text) {
    return encode(text).ids();
  }

  private @Nullable String specialAt(String text, int at) {
    for (String special : specials) {
      if (text.startsWith(special, at)) {
        return special;
      }
    }
    return null;
  }

  private void words(String text, int from, int to, PieceWriter pieces) {
    for (int i = from, next; i < to; i = next) {
      int c = text.charAt(i);
      if (c < 128) {
        next = i + 1;
        letter(lowerCase && c >= 'A' && c <= 'Z' ? c + 32 : c, i, next, pieces);
      } else {
        c = text.codePointAt(i);
        next = i + Character.charCount(c);
        beyondAscii(c, i, next, pieces);
      }
    }
    pieces.endWord();
  }

  private void beyondAscii(int c, int start, int end, PieceWriter pieces) {
    // Cleaning comes before decomposition, as some spaces and ideographs decompose.
    byte kind = BertCharacters.kind(c);
    if (kind == BertCharacters.DROPPED) {
      return;
    }
    if (kind == BertCharacters.SPACE) {
      pieces.endWord();
      return;
    }
    boolean ideograph = BertCharacters.isIdeograph(c);
    if (ideograph) {
      pieces.endWord();
    }
    if (lowerCase) {
      String parts = BertCharacters.decompose(c);
      for (int i = 0, part; i < parts.length(); i += Character.charCount(part)) {
        part = parts.codePointAt(i);
        if (!BertCharacters.isAccent(part)) {
          // One code point at a time: a sigma at the end of a word stays an ordinary sigma.
          letter(Character.toLowerCase(part), start, end, pieces);
        }
      }
    } else {
      letter(c, start, end, pieces);
    }
    if (ideograph) {
      pieces.endWord();
    }
  }

  private static void letter(int c, int start, int end, PieceWriter pieces) {
    switch (BertCharacters.kind(c)) {
      case BertCharacters.WORD -> pieces.letter(c, start, end);
      case BertCharacters.PUNCTUATION -> {
        pieces.endWord();
        pieces.letter(c, start, end);
        pieces.endWord();
      }
      case BertCharacters.SPACE -> pieces.endWord();
      default -> {}
    }
  }

  /**
   * Token {@code i} has id {@code ids[i]} and stands at {@code [starts[i], ends[i])} of the
   * original text, in UTF-16 code units. Starts never decrease; two tokens share a range where one
   * character fell apart. The arrays are not copied: do not write to them.
   */
  public record Encoding(int[] ids, int[] starts, int[] ends) {
    public Encoding {
      if (starts.length != ids.length || ends.length != ids.length) {
        throw new RealmException.BadInput(
            "encoding: %d ids, %d starts and %d ends; expected as many of each"
                .formatted(ids.length, starts.length, ends.length));
      }
    }

    /** The number of tokens. */
    public int size() {
      return ids.length;
    }
  }
}
