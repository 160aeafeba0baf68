package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class NameTaggerTest {
  private static void assertNames(String text, String... names) {
    List<String> found =
        NameTagger.find(text, DateTagger.find(text)).stream().map(span -> span.of(text)).toList();
    assertEquals(List.of(names), found, text);
  }

  @Test
  void runsOfCapitalisedWordsAreNames() {
    assertNames("It lies near New York City in America.", "New York City", "America");
    assertNames("born in Germany; Einstein also proposed", "Germany", "Einstein");
  }

  @Test
  void aCapitalAtTheStartOfASentenceProvesNothing() {
    assertNames("The house is old. However, he left. Students came.");
    assertNames("Quickly they ran. Walking is good. Inspired by it, we wrote.");
    assertNames("Bogies run. These bogies are heavy."); // Elsewhere written small.
    assertNames("Einstein was a physicist.", "Einstein");
    assertNames("Students like Students Day.", "Students", "Students Day"); // Elsewhere a name.
    assertNames("In London it rains. The United Nations met.", "London", "United Nations");
    assertNames("Founded Stanford University.", "Stanford University");
  }

  @Test
  void wordsAlsoWrittenSmallAreNoNamesWhenAlone() {
    assertNames("The Legislature met; a legislature is a body.");
  }

  @Test
  void particlesJoin() {
    assertNames(
        "the University of Oxford and Ludwig van Beethoven",
        "University of Oxford",
        "Ludwig van Beethoven");
    assertNames(
        "the Lord of the Rings by Charles de Gaulle", "Lord of the Rings", "Charles de Gaulle");
    assertNames(
        "from Johnson & Johnson to Karl Lang & Harvey Dee",
        "Johnson & Johnson",
        "Karl Lang",
        "Harvey Dee");
    assertNames("the king of spades, Rome of course", "Rome");
  }

  @Test
  void initialsApostrophesAndHyphensStayInside() {
    assertNames(
        "by J. S. Bach and O'Brien of Saxe-Eisenach", "J. S. Bach", "O'Brien of Saxe-Eisenach");
    assertNames("in Jean-Paul’s house and Guatemala's capital", "Jean-Paul", "Guatemala");
    assertNames(
        "the U.S. Army and NATO used an iPod, out of anti-Semitism", "U.S. Army", "NATO", "iPod");
  }

  @Test
  void numbersEndNames() {
    assertNames("the flight of Apollo 11 landed after World War I.", "Apollo 11", "World War I");
  }

  @Test
  void titlesOfPersonsAreCutOff() {
    assertNames("when President Bush met Major General Smith", "Bush", "Smith");
    assertNames("in Major League Baseball", "Major League Baseball");
  }

  @Test
  void articlesInsideASentenceBelongToTheName() {
    assertNames("with The Beatles and A Beautiful Lie", "The Beatles", "A Beautiful Lie");
    assertNames("he said The and In");
  }

  @Test
  void shortTitlesInQuotesAreNamesAsAWhole() {
    assertNames(
        "the song \"Gentle on My Mind\" and “Time to Wake Up”",
        "Gentle on My Mind",
        "Time to Wake Up");
    assertNames("he said \"Nothing at all\" then");
  }

  @Test
  void calendarWordsAndDatesAreNoNames() {
    assertNames("in June on Monday, I saw Paris March 3, 1999", "Paris");
  }

  @Test
  void sentencesEndNames() {
    assertNames("He saw Paris. London was next.", "Paris", "London");
  }

  @Test
  void lettersBeyondAsciiCount() {
    assertNames("the novel of Émile Zola about Москва and Ål", "Émile Zola", "Москва", "Ål");
  }
}
