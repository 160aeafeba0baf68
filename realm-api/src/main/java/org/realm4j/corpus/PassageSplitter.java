package org.realm4j.corpus;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.SentenceSplitter;
import org.realm4j.text.Span;
import org.realm4j.text.WordPiece;

/**
 * Splits passages that are longer than the model reads. What the retriever embeds is {@code [CLS]
 * title [SEP] text [SEP]}, so a part fits if 3 + |title| + |text| is at most the limit, counted in
 * wordpieces (section 4.1, "288 BERT wordpieces").
 *
 * <p>Sentences are packed greedily, and a sentence is never divided unless it exceeds the limit
 * alone; then it is cut between words, or inside a word that is itself too long. Nothing is lost
 * and nothing comes twice: the texts of the parts, one after the other, are the text but for white
 * space between them. A passage that fits stays as it is; the parts of others have the ids {@code
 * id#1}, {@code id#2} and so on, and the passage's title.
 *
 * <p>A title of more than half the limit would leave too little for the text: only its first {@code
 * limit / 2} wordpieces count and are embedded. The title as text stays whole.
 *
 * <p>Safe for use by several threads, as {@link WordPiece} is.
 */
public final class PassageSplitter {
  /** Below this the text of a part could be left with hardly any wordpiece. */
  public static final int MINIMUM_LIMIT = 16;

  private static final int SPECIALS = 3;

  private final WordPiece tokenizer;
  private final int limit;

  /**
   * @param limit the most wordpieces of title, text and three special ones; at least {@link
   *     #MINIMUM_LIMIT}
   */
  public PassageSplitter(WordPiece tokenizer, int limit) {
    if (limit < MINIMUM_LIMIT) {
      throw new RealmException.BadInput(
          "passage limit: expected at least " + MINIMUM_LIMIT + " wordpieces, found " + limit);
    }
    this.tokenizer = tokenizer;
    this.limit = limit;
  }

  /** The parts in order, at least one; the passage itself if it fits. */
  public List<Passage> split(Passage passage) {
    return encode(passage).stream().map(Encoded::passage).toList();
  }

  /** A passage with its wordpieces, without special ones. */
  record Encoded(Passage passage, int[] titleIds, int[] textIds) {}

  List<Encoded> encode(Passage passage) {
    int[] titleIds = titleIds(passage.title());
    int budget = limit - SPECIALS - titleIds.length;
    WordPiece.Encoding encoding = tokenizer.encode(passage.text());
    if (encoding.ids().length <= budget) {
      return List.of(new Encoded(passage, titleIds, encoding.ids()));
    }
    Parts parts = new Parts(passage, titleIds, budget);
    pack(passage.text(), encoding, budget).forEach(parts::add);
    return parts.encoded;
  }

  private int[] titleIds(String title) {
    int[] ids = tokenizer.encode(title).ids();
    return ids.length <= limit / 2 ? ids : Arrays.copyOf(ids, limit / 2);
  }

  /** Runs of whole sentences within the budget, or single ones beyond it. They cover the text. */
  private static List<Span> pack(String text, WordPiece.Encoding encoding, int budget) {
    List<Span> runs = new ArrayList<>();
    int start = 0;
    int end = 0;
    for (Span sentence : SentenceSplitter.split(text)) {
      // From the end of the last sentence: what stands between sentences belongs to the later one.
      int last = sentence.end();
      // A run without wordpieces, such as control characters, would be a passage of nothing.
      if (count(encoding, start, end) > 0
          && count(encoding, end, last) > 0
          && count(encoding, start, last) > budget) {
        runs.add(new Span(start, end));
        start = end;
      }
      end = last;
    }
    // Whatever the splitter leaves behind the last sentence is kept.
    runs.add(new Span(start, text.length()));
    return runs;
  }

  /** How many wordpieces begin in [start, end). */
  private static int count(WordPiece.Encoding encoding, int start, int end) {
    return firstFrom(encoding.starts(), end) - firstFrom(encoding.starts(), start);
  }

  /** The first index whose value is at least the offset; several may have the same value. */
  private static int firstFrom(int[] sorted, int offset) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Collects the parts of one passage and divides what is still too long. */
  private final class Parts {
    private final List<Encoded> encoded = new ArrayList<>();
    private final Passage whole;
    private final int[] titleIds;
    private final int budget;

    Parts(Passage whole, int[] titleIds, int budget) {
      this.whole = whole;
      this.titleIds = titleIds;
      this.budget = budget;
    }

    void add(Span run) {
      String text = run.of(whole.text()).strip();
      while (!text.isEmpty()) {
        // Encoded anew and not cut out of the whole text's encoding: the first piece of a part is
        // the beginning of a word, whatever it was before.
        WordPiece.Encoding encoding = tokenizer.encode(text);
        if (encoding.ids().length <= budget) {
          add(text, encoding.ids());
          return;
        }
        int cut = cut(text, encoding);
        String head = text.substring(0, cut).strip();
        add(head, tokenizer.encode(head).ids());
        text = text.substring(cut).strip();
      }
    }

    private void add(String text, int[] ids) {
      String id = whole.id() + "#" + (encoded.size() + 1);
      encoded.add(new Encoded(new Passage(id, whole.title(), text), titleIds, ids));
    }

    /**
     * Where to end the next part: between words if possible, always behind the first character. Up
     * to the beginning of a wordpiece the text has the same wordpieces with or without what
     * follows.
     */
    private int cut(String text, WordPiece.Encoding encoding) {
      int[] starts = encoding.starts();
      for (int n = budget; n > 0; n--) {
        if (starts[n] > 0 && Character.isWhitespace(text.charAt(starts[n] - 1))) {
          return starts[n];
        }
      }
      for (int n = budget; n > 0; n--) {
        // A character that gives several wordpieces has several starts at the same place.
        if (starts[n] > 0) {
          return starts[n];
        }
      }
      return text.offsetByCodePoints(0, 1);
    }
  }
}
