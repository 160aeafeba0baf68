package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;

class WordPieceTest {
  private final WordPiece wordPiece =
      new WordPiece(
          SmallVocabulary.with(
              "un",
              "##aff",
              "##able",
              "cafe",
              "istanbul",
              "中",
              "国",
              "ᄒ",
              "##ᅡ",
              "##ᆫ",
              "σ",
              "##σ",
              "ς",
              "ο",
              "##ο",
              "##ς",
              "か",
              "##な",
              "豈",
              "ø",
              "\u0378",
              "##\u0378",
              "😀",
              "##😀",
              "。",
              "×",
              "##×"));

  private void assertPieces(String text, String... expected) {
    assertEquals(List.of(expected), SmallVocabulary.pieces(wordPiece, text), text);
  }

  private void assertOffsets(String text, int... startsAndEnds) {
    WordPiece.Encoding encoding = wordPiece.encode(text);
    int[] found = new int[2 * encoding.size()];
    for (int i = 0; i < encoding.size(); i++) {
      found[2 * i] = encoding.starts()[i];
      found[2 * i + 1] = encoding.ends()[i];
    }
    assertArrayEquals(startsAndEnds, found, text);
  }

  @Test
  void wordsFallIntoTheLongestPieces() {
    assertPieces("unaffable", "un", "##aff", "##able");
    assertPieces("UnAffAble un", "un", "##aff", "##able", "un");
    assertOffsets("UnAffAble un", 0, 2, 2, 5, 5, 9, 10, 12);
    assertPieces("");
    assertPieces(" \t\r\n\u00A0\u2003\u3000");
  }

  @Test
  void oneUnknownLetterMakesTheWholeWordUnknown() {
    assertPieces("un unaffableж un", "un", "[UNK]", "un");
    assertOffsets("un unaffableж un", 0, 2, 3, 13, 14, 16);
  }

  @Test
  void punctuationIsAWordOfItsOwnAndAsciiSymbolsCount() {
    assertPieces("a,b", "a", ",", "b");
    assertPieces("a$b", "a", "$", "b");
    assertPieces("#ab", "#", "a", "##b");
    assertPieces("a。b", "a", "。", "b");
    assertPieces("a×b", "a", "##×", "##b"); // A symbol beyond ASCII is none.
  }

  @Test
  void accentsGoAndTheirOffsetsStay() {
    assertPieces("Café", "cafe");
    assertOffsets("Café x", 0, 4, 5, 6);
    assertPieces("Cafe\u0301 x", "cafe", "x");
    assertOffsets("Cafe\u0301 x", 0, 4, 6, 7);
    assertPieces("İstanbul", "istanbul");
    assertPieces("Ø", "ø"); // Does not decompose.
    assertPieces("\u0301");
    assertPieces("a\u0300\u0301b", "a", "##b");
    assertOffsets("a\u0300\u0301b", 0, 1, 3, 4);
  }

  @Test
  void someCharactersDecomposeToPunctuation() {
    assertPieces("a\u037Eb", "a", ";", "b");
    assertOffsets("a\u037Eb", 0, 1, 1, 2, 2, 3);
    assertPieces("a\u1FEFb", "a", "`", "b");
  }

  @Test
  void ideographsAreWordsButKanaAndHangulAreNot() {
    assertPieces("a中国b", "a", "中", "国", "b");
    assertOffsets("a中国b", 0, 1, 1, 2, 2, 3, 3, 4);
    assertPieces("かな", "か", "##な");
    assertPieces("\uF900\uF900", "豈", "豈"); // A compatibility ideograph, before it decomposes.
    assertPieces("a\uD842\uDFB7b", "a", "[UNK]", "b"); // U+20BB7
  }

  @Test
  void hangulFallsApartAndThePiecesShareItsOffsets() {
    assertPieces("한", "ᄒ", "##ᅡ", "##ᆫ");
    assertOffsets("x 한", 0, 1, 2, 3, 2, 3, 2, 3);
  }

  @Test
  void controlAndFormatCharactersGoButDoNotSeparate() {
    String gone = "\u0000\u0007\u007F\u0085\u00AD\u200B\u200D\u2060\uFEFF\uFFFD\uE000";
    assertPieces("a" + gone + "b", "a", "##b");
    assertOffsets("a" + gone + "b", 0, 1, 1 + gone.length(), 2 + gone.length());
    assertPieces(gone);
    assertPieces("a\uDBC0\uDC00b", "a", "##b"); // Private use, plane 16.
    assertPieces("a\u2028b", "a", "b"); // A line separator is a space.
  }

  @Test
  void unassignedStayAndUnpairedSurrogatesGo() {
    assertPieces("a\u0378", "a", "##\u0378");
    assertPieces("a\uD83Db\uDE00", "a", "##b");
  }

  @Test
  void astralCharactersCountOnceInTheWordAndTwiceInOffsets() {
    assertPieces("😀a😀", "😀", "##a", "##😀");
    assertOffsets("😀a😀 b", 0, 2, 2, 3, 3, 5, 6, 7);
    String hundred = "😀".repeat(100);
    assertEquals(100, wordPiece.encode(hundred).size());
    assertPieces(hundred + "a", "[UNK]");
  }

  @Test
  void wordsOfMoreThanHundredCharactersAreUnknown() {
    assertEquals(100, wordPiece.encode("a".repeat(100)).size());
    assertPieces("a".repeat(101), "[UNK]");
    assertOffsets("b " + "a".repeat(101) + " c", 0, 1, 2, 103, 104, 105);
    // It is the normalised word that counts: 101 characters of which one goes.
    assertEquals(100, wordPiece.encode("a".repeat(100) + "\u0301").size());
    assertPieces("한".repeat(34), "[UNK]"); // 102 letters
  }

  @Test
  void finalSigmaIsAnOrdinarySigma() {
    assertPieces("ΟΣ", "ο", "##σ");
    assertPieces("ος", "ο", "##ς");
  }

  @Test
  void specialsInTheTextAreSpecialOnlyAsWritten() {
    assertPieces("a[MASK]b", "a", "[MASK]", "b");
    assertOffsets("a[MASK]b", 0, 1, 1, 7, 7, 8);
    assertPieces("[CLS][SEP]", "[CLS]", "[SEP]");
    assertPieces("[mask]", "[", "m", "##a", "##s", "##k", "]");
    assertPieces("[[PAD]]", "[", "[PAD]", "]");
    assertPieces("[MASK", "[", "m", "##a", "##s", "##k");
  }

  @Test
  void casedModelsKeepCapitalsAndAccents() {
    WordPiece cased = new WordPiece(SmallVocabulary.with("C", "##é"), false);
    assertEquals(List.of("C", "##a", "##f", "##é"), SmallVocabulary.pieces(cased, "Café"));
    assertEquals(List.of("[UNK]"), SmallVocabulary.pieces(cased, "café\u0301"));
  }

  @Test
  void encodingChecksItsLengths() {
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> new WordPiece.Encoding(new int[2], new int[2], new int[1]));
    assertEquals("encoding: 2 ids, 2 starts and 1 ends; expected as many of each", e.getMessage());
  }
}
