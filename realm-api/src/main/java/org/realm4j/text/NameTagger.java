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
          ("of de del della des di da do dos das du la le les el al van von der den ter zu"
                  + " bin ibn ben y e dla av af upon &")
              .split(" "));

  /** What a person is called before the name; not part of it. */
  private static final Set<String> TITLES =
      Set.of(
          ("mr mrs ms dr prof professor president general colonel captain lieutenant major"
                  + " brigadier sergeant corporal private admiral commander sir lord lady dame king"
                  + " queen prince princess emperor pope bishop archbishop cardinal reverend rev"
                  + " father senator congressman governor mayor minister secretary chancellor"
                  + " ambassador judge justice coach chairman director actor actress coroner engineer"
                  + " inspector detective officer sheriff agent senior vice deputy count duke earl"
                  + " baron")
              .split(" "));

  private static final Set<String> CALENDAR =
      Set.of(
          ("january february march april may june july august september october november"
                  + " december monday tuesday wednesday thursday friday saturday sunday jan feb mar"
                  + " apr jun jul aug sep sept oct nov dec bc bce ad am pm")
              .split(" "));

  private final List<Word> words;
  private final boolean[] inDate;
  private final Set<String> seenLower = new HashSet<>();
  private final Set<String> seenCapital = new HashSet<>();

  private NameTagger(String text, List<Span> dates) {
    this.words = Word.of(text);
    this.inDate = inDate(words, dates);
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
      int closing = titleEnd(i);
      if (closing > 0) {
        names.add(new Span(words.get(i + 1).span().start(), words.get(closing - 1).span().end()));
        end = closing + 1;
      } else if (isPart(i)) {
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

  /** The closing quote of a short title or nickname that begins at {@code open}, else -1. */
  private int titleEnd(int open) {
    if (!words.get(open).is("\"") && !words.get(open).is("“")) {
      return -1;
    }
    for (int i = open + 1; i < Math.min(words.size(), open + 8) && words.get(i).joined(); i++) {
      Word word = words.get(i);
      if (word.shape() == Word.Shape.MARK) {
        boolean closes = word.is("\"") || word.is("”");
        return closes && i > open + 1 && isPart(open + 1) && isPart(i - 1) ? i : -1;
      }
    }
    return -1;
  }

  private int runEnd(int start) {
    int end = start + 1;
    for (int next = nextPart(start, end); next > 0; next = nextPart(start, end)) {
      end = next + 1;
    }
    return isNameNumber(end) ? end + 1 : end;
  }

  /** The capitalised word that continues the run {@code [start, end)}, else -1. */
  private int nextPart(int start, int end) {
    int next = end;
    while (next < words.size() && next < end + 3 && isParticle(next, end)) {
      next++;
    }
    boolean continues =
        next < words.size()
            && words.get(next).joined()
            && (isPart(next) || next == end && words.get(next).is("I"));
    // "Johnson & Johnson" is one name, "Karl Langdon & Harvey Deegan" are two.
    boolean twoNames = next > end && words.get(end).is("&") && end > start + 1;
    return continues && !twoNames ? next : -1;
  }

  private boolean isParticle(int i, int first) {
    Word word = words.get(i);
    return word.joined() && (PARTICLES.contains(word.text()) || i > first && word.is("the"));
  }

  /** The 11 of "Apollo 11". */
  private boolean isNameNumber(int i) {
    return i < words.size()
        && words.get(i).joined()
        && words.get(i).shape() == Word.Shape.NUMBER
        && words.get(i).text().length() <= 3
        && !inDate[i];
  }

  private boolean isPart(int i) {
    Word word = words.get(i);
    return word.shape() == Word.Shape.CAPITAL
        && !CALENDAR.contains(word.lower())
        && !word.is("I")
        && !inDate[i];
  }

  private static boolean[] inDate(List<Word> words, List<Span> dates) {
    boolean[] inDate = new boolean[words.size()];
    int next = 0;
    for (int i = 0; i < inDate.length; i++) {
      Span span = words.get(i).span();
      while (next < dates.size() && dates.get(next).end() <= span.start()) {
        next++;
      }
      inDate[i] = next < dates.size() && dates.get(next).start() < span.end();
    }
    return inDate;
  }

  /** The first word of a run that may begin a name; {@code end} if there is none. */
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
    if (word.shape() != Word.Shape.CAPITAL) {
      return true;
    }
    boolean last = i + 1 == end;
    if (TITLES.contains(lower)) {
      // "Major Smith" and "Major General Smith", but not "Major League Baseball".
      String next = last ? "" : words.get(i + 1).lower();
      return last || TITLES.contains(next) || !CommonWords.isOrdinary(next);
    }
    if (word.opensSentence()) {
      return CommonWords.isFunction(lower)
          || CommonWords.isOrdinary(lower) && seenLower.contains(lower)
          || !last && hasEndingOfVerbOrAdverb(lower) && !seenCapital.contains(word.text());
    }
    // "a member of The Beatles", "the album A Beautiful Lie"
    return CommonWords.isFunction(lower) && (last || !word.is("The") && !word.is("A"));
  }

  private static boolean hasEndingOfVerbOrAdverb(String lower) {
    return lower.endsWith("ed") || lower.endsWith("ing") || lower.endsWith("ly");
  }

  private int trimEnd(int from, int end) {
    int to = end;
    while (to > from && isNoEnd(words.get(to - 1))) {
      to--;
    }
    return to;
  }

  private static boolean isNoEnd(Word word) {
    return switch (word.shape()) {
      // One letter is a number or a class: World War I, Vitamin A.
      case CAPITAL -> word.text().length() > 1 && CommonWords.isFunction(word.lower());
      case NUMBER -> false;
      case LOWER, MARK -> true;
    };
  }

  /** Whether a run is a name: any of several words is, one word is asked after in the text. */
  private boolean isName(int from, int to) {
    Word word = words.get(from);
    String lower = word.lower();
    if (to - from > 1) {
      return true;
    }
    if (word.text().length() == 1 || !word.opensSentence()) {
      return word.text().length() > 1 && !seenLower.contains(lower);
    }
    return seenCapital.contains(word.text())
        || !CommonWords.isOrdinary(lower)
            && !seenLower.contains(lower)
            && !hasEndingOfVerbOrAdverb(lower);
  }
}
