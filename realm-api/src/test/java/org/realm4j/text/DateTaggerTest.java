package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DateTaggerTest {
  private static List<String> dates(String text) {
    return DateTagger.find(text).stream().map(span -> span.of(text)).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1000",
        "1879",
        "2099",
        "1990s",
        "'90s",
        "c. 450 BC",
        "circa 496-406 BC",
        "AD 79",
        "AD 9-79",
        "c. 72",
        "ca. 1450",
        "44 B.C.",
        "June 1944",
        "June, 1944",
        "6 June 1944",
        "June 6, 1944",
        "June 6 , 1944",
        "6th of June 1944",
        "June 6th",
        "6 June",
        "6 June – 8 July 1944",
        "6–8 June 1944",
        "June–August 1944",
        "1914-1918",
        "1914–1918",
        "1914-18",
        "1985–present",
        "2001-12-25",
        "19th century",
        "Sept. 11, 2001",
        "Dec. 1999",
        "1879-1955"
      })
  void isADateAsAWhole(String date) {
    assertEquals(List.of(date), dates("x (" + date + "), y"));
    assertEquals(List.of(date), dates(date));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "999",
        "2100",
        "12345",
        "1,879",
        "1879,5",
        "$1500",
        "#1500",
        "1500 people",
        "1500 km",
        "1500%",
        "A1500",
        "1500m",
        "555-1234",
        "He may march",
        "March on",
        "May I",
        "6 Juneau",
        "1.1500",
        "1500 metres",
        "1914-1918 people"
      })
  void isNone(String text) {
    assertEquals(List.of(), dates(text));
    assertEquals(List.of(), dates("x (" + text + ") y"));
  }

  @Test
  void monthsAloneNeedAWordThatSaysSo() {
    assertEquals(List.of("May"), dates("It began in May and ended."));
    assertEquals(List.of("March", "April"), dates("From March to April it rained."));
    assertEquals(List.of(), dates("Theresa May in Maybury"));
  }

  @Test
  void aSentenceGivesAllOfItsDatesInOrder() {
    assertEquals(
        List.of("21 March", "1685", "28 July 1750"),
        dates("J. S. Bach (21 March [O.S.] 1685 – 28 July 1750) was a composer."));
  }
}
