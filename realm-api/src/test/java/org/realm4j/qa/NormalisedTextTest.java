package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.text.Normalizer;
import java.util.Locale;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalisedTextTest {
  @Provide
  Arbitrary<String> nasty() {
    return QaTexts.nasty(25);
  }

  /** What Python's version of the released evaluation gives. */
  @ParameterizedTest
  @CsvSource({
    "Álamo, \u0301lamo",
    "año, \u0303o",
    "Thé, \u0301",
    "the, ''",
    "aß, aß",
    "The U.S.A., usa",
    "' A  cat\u00A0and\tan_other the ', cat and another",
    "“the” ’a’, “ ” ’ ’",
    "theatre an1 a中, theatre an1 a中",
    "ÉCOLE, e\u0301cole",
    "ΟΔΟΣ, οδος",
    "ΣΑΣ, σας",
    "İ, i\u0307",
    "$1.5–2, 15–2",
  })
  void equalsPython(String text, String expected) {
    assertEquals(expected, Evaluation.normalise(text));
  }

  @Property(tries = 2000)
  void equalsTheStepsOnWholeStrings(@ForAll("nasty") String text) {
    assertEquals(QaTexts.normalise(text), Evaluation.normalise(text));
  }

  /** Punctuation may have kept two marks apart, which a second NFD brings into canonical order. */
  @Property(tries = 2000)
  void isIdempotentUpToTheOrderOfMarks(@ForAll("nasty") String text) {
    String once = Evaluation.normalise(text);
    assertEquals(Normalizer.normalize(once, Normalizer.Form.NFD), Evaluation.normalise(once));
  }

  @Test
  void lowerCaseKeepsTheLengthOfWhatIsDecomposed() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      String nfd = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD);
      assertEquals(nfd.length(), nfd.toLowerCase(Locale.ROOT).length(), "U+%04X".formatted(c));
    }
  }

  @Property(tries = 2000)
  void originsAscendAndCoverWhatTheyNormaliseTo(@ForAll("nasty") String text) {
    NormalisedText normalised = NormalisedText.of(text);
    int before = 0;
    for (int i = 0; i < normalised.text().length(); i++) {
      var span = normalised.original(i, i + 1);
      assertTrue(span.start() >= before && span.length() > 0 && span.end() <= text.length());
      before = span.start();
      char c = normalised.text().charAt(i);
      if (c != ' ') {
        String origin = Normalizer.normalize(span.of(text), Normalizer.Form.NFD);
        // A final sigma has two small forms.
        String lower = origin.toLowerCase(Locale.ROOT).replace('ς', 'σ');
        assertTrue(lower.indexOf(c == 'ς' ? 'σ' : c) >= 0, origin + " for " + c);
      }
    }
  }
}
