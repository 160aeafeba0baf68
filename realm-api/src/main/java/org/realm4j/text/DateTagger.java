package org.realm4j.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Dates by regular expression: the alternatives are tried from the longest to the shortest. */
final class DateTagger {
  private static final String MONTH =
      "(?:January|February|March|April|May|June|July|August|September|October|November|December"
          + "|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\\.)";

  private static final String DAY = "(?:3[01]|[12]\\d|0?[1-9])(?:st|nd|rd|th)?(?!\\d)";
  private static final String YEAR = "(?:1\\d{3}|20\\d\\d)(?!\\d)";
  private static final String ERA = "(?:BCE|BC|B\\.C\\.|CE|AD|A\\.D\\.)(?!\\w)";
  private static final String ABOUT = "(?:(?:circa|ca\\.?|c\\.) ?)?";
  private static final String DASH = " ?[-–—] ?";

  // Spaces may stand before a comma: some corpora come tokenised.
  private static final String DAYS = DAY + "(?:[-–]" + DAY + ")?";
  private static final String DAY_AND_MONTH =
      "(?:" + DAYS + "(?: of)? " + MONTH + "|" + MONTH + " (?:the )?" + DAYS + ")";
  private static final String FULL_DATE = DAY_AND_MONTH + "(?: ?,)? " + YEAR;
  private static final String MONTH_AND_YEAR = MONTH + "(?: of| ?,)? " + YEAR;

  /** "March" and "May" are also words, so a month alone counts only after one of these. */
  private static final String MONTH_ALONE =
      "(?<=\\b(?:[Ii]n|[Oo]f|[Bb]y|[Ss]ince|[Uu]ntil|[Tt]ill|[Ff]rom|[Ee]arly|[Ll]ate|[Mm]id|[Ll]ast|[Nn]ext|[Tt]his|[Ee]very|[Ee]ach|[Bb]etween|to|and)["
          + " -])"
          + MONTH;

  private static final String ERA_YEARS =
      ABOUT
          + "(?:AD \\d{1,4}(?:"
          + DASH
          + "\\d{1,4})?|\\d{1,4}(?:"
          + DASH
          + "\\d{1,4})? ?"
          + ERA
          + ")";
  private static final String ABOUT_YEAR = "(?:circa|ca\\.?|c\\.) ?\\d{2,4}(?![\\d,.]\\d)";
  private static final String DECADE = "(?:" + YEAR.replace("(?!\\d)", "") + "|['’]\\d0)s";
  private static final String CENTURY = "\\d{1,2}(?:st|nd|rd|th)[ -]centur(?:y|ies)";

  /** Numbers in this range that count something, or are part of a larger number, are no years. */
  private static final String NO_QUANTITY =
      "(?![.,:]\\d|%| ?(?:%|km|kilometres|kilometers|metres|meters|m|cm|mm|feet|ft|miles|mi|acres"
          + "|kg|kilograms|tons|tonnes|people|inhabitants|men|students|votes|dollars|pounds"
          + "|residents|households|families|hectares|yards|points|soldiers|troops|members)\\b)";

  private static final String YEARS =
      ABOUT
          + YEAR
          + "(?:(?:"
          + DASH
          + YEAR
          + "|[-–/]\\d{2}(?!\\d))|"
          + DASH
          + "present\\b)?+"
          + NO_QUANTITY;

  private static final Pattern DATE =
      Pattern.compile(
          "(?<![\\w$£€#])(?<!\\d[-–.,:])(?:"
              + String.join(
                  "|",
                  YEAR + "-(?:0\\d|1[0-2])-[0-3]\\d(?!\\d)",
                  "(?:" + DAY_AND_MONTH + DASH + ")?" + range(FULL_DATE),
                  range(DAY_AND_MONTH),
                  "(?:" + MONTH + DASH + ")?" + range(MONTH_AND_YEAR),
                  CENTURY,
                  ERA_YEARS,
                  DECADE,
                  YEARS,
                  ABOUT_YEAR,
                  MONTH_ALONE)
              + ")(?!\\w)");

  private DateTagger() {}

  static List<Span> find(String text) {
    List<Span> dates = new ArrayList<>();
    Matcher matcher = DATE.matcher(text);
    while (matcher.find()) {
      dates.add(new Span(matcher.start(), matcher.end()));
    }
    return dates;
  }

  private static String range(String date) {
    return date + "(?:" + DASH + date + ")?";
  }
}
