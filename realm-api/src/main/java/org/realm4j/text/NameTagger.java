package org.realm4j.text;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Names by rules: runs of capitalised words. A capital at the start of a sentence proves nothing,
 * so the rest of the text is asked how it writes the word.
 */
final class NameTagger {
  /** Written with a dot inside a name. */
  static final Set<String> ABBREVIATIONS =
      Set.of("St", "Mt", "Ft", "Jr", "Sr", "Wm", "Chas", "Geo", "Inc", "Ltd", "Co", "Corp", "Bros");

  /** Small words that may stand inside a name, between capitalised ones. */
  private static final Set<String> PARTICLES =
      Set.of(
          "of", "de", "del", "della", "des", "di", "da", "do", "dos", "das", "du", "la", "le", "les",
          "el", "al", "van", "von", "der", "den", "ter", "zu", "bin", "ibn", "ben", "y", "e", "dla",
          "av", "af", "upon", "&");

  /** What a person is called before the name; not part of it. */
  private static final Set<String> TITLES =
      Set.of(
          "mr", "mrs", "ms", "dr", "prof", "professor", "president", "general", "colonel", "captain",
          "lieutenant", "major", "brigadier", "sergeant", "corporal", "private", "admiral",
          "commander", "sir", "lord", "lady", "dame", "king", "queen", "prince", "princess",
          "emperor", "pope", "bishop", "archbishop", "cardinal", "reverend", "rev", "father",
          "senator", "congressman", "governor", "mayor", "minister", "secretary", "chancellor",
          "ambassador", "judge", "justice", "coach", "chairman", "director", "actor", "actress",
          "coroner", "engineer", "inspector", "detective", "officer", "sheriff", "agent", "senior",
          "vice", "deputy", "count", "duke", "earl", "baron");

  private static final Set<String> CALENDAR =
      Set.of(
          "january", "february", "march", "april", "may", "june", "july", "august", "september",
          "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday",
          "saturday", "sunday", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
          "oct", "nov", "dec", "bc", "bce", "ad", "am", "pm");

  private final List<Word> words;
  private final List<Span> dates;
  private final Set<String> seenLower = new HashSet<>();
  private final Set<String> seenCapital = new HashSet<>();

  private NameTagger(String text, List<Span> dates) {
    this.words = Word.of(text);
    this.dates = dates;
    for (Word word : words) {
      if (word.shape() == Word.Shape.LOWER) {
        seenLower.add(word.text());
      } else if (word.shape() == Word.Shape.CAPITAL && !word.opensSentence()) {
        seenCapital.add(word.text());
      }
    }
  }

  /** The names outside the given dates, which must be in order. */
  static List<Span> find(String text, List<Span> dates) {
    return new NameTagger(text, dates).find();
  }

  private List<Span> find() {
    List<Span> names = new ArrayList<>();
    for (int i = 0, end; i < words.size(); i = end) {
      end = i + 1;
      if (isPart(i)) {
        end = runEnd(i);
        int from = trimStart(i, end);
        int to = trimEnd(from, end);
        if (from < to && isName(from, to)) {
          names.add(new Span(words.get(from).span().start(), words.get(to - 1).span().end()));
        }
      }
    }
    return names;
  }

  private int runEnd(int start) {
    int end = start + 1;
    while (end < words.size() && words.get(end).joined()) {
      int next = end;
      while (next < words.size() && next < end + 3 && isParticle(next, end)) {
        next++;
      }
      if (next < words.size() && words.get(next).joined() && isPart(next)) {
        end = next + 1;
      } else {
        break;
      }
    }
    return isNameNumber(end) ? end + 1 : end;
  }

  private boolean isParticle(int i, int first) {
    Word word = words.get(i);
    return word.joined()
        && (PARTICLES.contains(word.text()) || i > first && word.is("the"));
  }

  /** The 11 of "Apollo 11": short, and nothing that it could count follows. */
  private boolean isNameNumber(int i) {
    return i < words.size()
        && words.get(i).joined()
        && words.get(i).shape() == Word.Shape.NUMBER
        && words.get(i).text().length() <= 3
        && !inDate(i)
        && (i + 1 == words.size() || words.get(i + 1).shape() != Word.Shape.LOWER);
  }

  private boolean isPart(int i) {
    Word word = words.get(i);
    return word.shape() == Word.Shape.CAPITAL
        && !CALENDAR.contains(word.lower())
        && !word.is("I")
        && !inDate(i);
  }

  private boolean inDate(int i) {
    Span span = words.get(i).span();
    for (Span date : dates) {
      if (date.start() < span.end() && span.start() < date.end()) {
        return true;
      }
    }
    return false;
  }

  private int trimStart(int start, int end) {
    int from = start;
    while (from < end && isNoStart(from, end)) {
      from++;
    }
    return from;
  }

  private boolean isNoStart(int i, int end) {
    Word word = words.get(i);
    String lower = word.lower();
    if (word.shape() != Word.Shape.CAPITAL || TITLES.contains(lower)) {
      return true;
    }
    if (word.opensSentence()) {
      return CommonWords.isFunction(lower)
          || CommonWords.isOrdinary(lower) && (seenLower.contains(lower));
    }
    return CommonWords.isFunction(lower) && !(word.is("The") && i + 1 < end);
  }

  private int trimEnd(int from, int end) {
    int to = end;
    while (to > from
        && (words.get(to - 1).shape() == Word.Shape.LOWER
            || words.get(to - 1).shape() == Word.Shape.CAPITAL
                && CommonWords.isFunction(words.get(to - 1).lower()))) {
      to--;
    }
    return to;
  }

  private boolean isName(int from, int to) {
    Word word = words.get(from);
    if (to - from > 1) {
      return true;
    }
    String lower = word.lower();
    if (word.text().length() == 1) {
      return false;
    }
    if (!word.opensSentence()) {
      return !(CommonWords.isOrdinary(lower) && seenLower.contains(lower));
    }
    if (seenCapital.contains(word.text())) {
      return true;
    }
    return !CommonWords.isOrdinary(lower)
        && !seenLower.contains(lower)
        && !lower.endsWith("ly")
        && !lower.endsWith("ing")
        && !lower.endsWith("ed");
  }
}
