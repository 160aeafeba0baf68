package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for any text, and a slow second tokenizer that works on whole strings. */
class WordPieceLawsTest {
  private static final WordPiece WORD_PIECE =
      new WordPiece(
          SmallVocabulary.with("ab", "##ab", "##abc", "abca", "é", "中", "##ᅡ", "ᄒ", "😀"));

  @Provide
  Arbitrary<String> nasty() {
    return Arbitraries.of(
            "a",
            "b",
            "c",
            "A",
            "Z",
            "0",
            " ",
            "\t",
            "\n",
            ".",
            ",",
            "[",
            "]",
            "[MASK]",
            "[UNK]",
            "[mask]",
            "#",
            "##",
            "é",
            "e\u0301",
            "\u0301",
            "ß",
            "Σ",
            "İ",
            "ﬁ",
            "中",
            "国",
            "하",
            "か",
            "😀",
            "\uD83D",
            "\uDE00",
            "\u0000",
            "\u200B",
            "\u00A0",
            "\u2028",
            "\uFFFD",
            "\u037E",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        .list()
        .ofMaxSize(30)
        .map(parts -> String.join("", parts));
  }

  @Property
  void offsetsAreOrderedAndInsideTheText(@ForAll("nasty") String text) {
    WordPiece.Encoding encoding = WORD_PIECE.encode(text);
    int last = 0;
    for (int i = 0; i < encoding.size(); i++) {
      assertTrue(encoding.starts()[i] >= last, "starts decrease");
      assertTrue(encoding.starts()[i] < encoding.ends()[i], "an empty range");
      assertTrue(encoding.ends()[i] <= text.length(), "beyond the text");
      last = encoding.starts()[i];
    }
  }

  @Property
  void idsEqualThoseOfTheSlowTokenizer(@ForAll("nasty") String text) {
    assertEquals(slow(text), SmallVocabulary.pieces(WORD_PIECE, text));
  }

  @Property
  void piecesTogetherAreTheNormalisedText(@ForAll("nasty") String text) {
    List<String> pieces = SmallVocabulary.pieces(WORD_PIECE, text);
    if (!pieces.contains("[UNK]") && !pieces.contains("[MASK]")) {
      String joined = String.join("", pieces.stream().map(p -> continued(p)).toList());
      assertEquals(normalise(text).replace(" ", ""), joined);
    }
  }

  @Property
  void everyPieceStandsWhereItsOffsetsSay(@ForAll("nasty") String text) {
    WordPiece.Encoding encoding = WORD_PIECE.encode(text);
    for (int i = 0; i < encoding.size(); i++) {
      String piece = WORD_PIECE.vocabulary().token(encoding.ids()[i]);
      String there = text.substring(encoding.starts()[i], encoding.ends()[i]);
      if (!piece.startsWith("[")) {
        String normal = normalise(there).strip();
        assertTrue(normal.contains(continued(piece)), piece + " is not in " + there);
      }
    }
  }

  @Property
  void unchangedBySpaceAround(@ForAll("nasty") String text) {
    List<String> pieces = SmallVocabulary.pieces(WORD_PIECE, text);
    assertEquals(pieces, SmallVocabulary.pieces(WORD_PIECE, "  " + text + "\n"));
  }

  private static String continued(String piece) {
    return piece.length() > 2 && piece.startsWith("##") ? piece.substring(2) : piece;
  }

  private static String normalise(String text) {
    StringBuilder clean = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              int type = Character.getType(c);
              if (Character.isSpaceChar(c) || c == '\t' || c == '\n' || c == '\r') {
                clean.append(' ');
              } else if (c != 0xFFFD
                  && type != Character.CONTROL
                  && type != Character.FORMAT
                  && type != Character.PRIVATE_USE
                  && type != Character.SURROGATE) {
                boolean han = c >= 0x4E00 && c <= 0x9FFF;
                clean.append(han ? " " : "").appendCodePoint(c).append(han ? " " : "");
              }
            });
    String bare = Normalizer.normalize(clean, Normalizer.Form.NFD).replaceAll("\\p{Mn}", "");
    StringBuilder lower = new StringBuilder();
    bare.codePoints().forEach(c -> lower.appendCodePoint(Character.toLowerCase(c)));
    return lower.toString();
  }

  private static List<String> slow(String text) {
    List<String> pieces = new ArrayList<>();
    for (String part : text.split("(?=\\[(MASK|UNK)])|(?<=\\[(MASK|UNK)])")) {
      if (part.matches("\\[(MASK|UNK)]")) {
        pieces.add(part);
      } else {
        for (String word : normalise(part).replaceAll("([\\p{Punct}])", " $1 ").split(" +")) {
          pieces.addAll(word.isEmpty() ? List.of() : slowWord(word));
        }
      }
    }
    return pieces;
  }

  private static List<String> slowWord(String word) {
    List<String> pieces = new ArrayList<>();
    if (word.codePointCount(0, word.length()) > 100) {
      return List.of("[UNK]");
    }
    int at = 0;
    while (at < word.length()) {
      int end = word.length();
      String prefix = at == 0 ? "" : "##";
      while (end > at && WORD_PIECE.vocabulary().id(prefix + word.substring(at, end)) < 0) {
        end--;
      }
      if (end == at) {
        return List.of("[UNK]");
      }
      pieces.add(prefix + word.substring(at, end));
      at = end;
    }
    return pieces;
  }
}
