package org.realm4j.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** English words that a capital does not make a name. Word lists in this package's resources. */
final class CommonWords {
  private static final Set<String> FUNCTION = read("function-words.txt");
  private static final Set<String> ORDINARY = read("common-words.txt");

  private CommonWords() {}

  /** Whether the word is of the closed classes: articles, pronouns, prepositions and the like. */
  static boolean isFunction(String word) {
    return FUNCTION.contains(word.toLowerCase(Locale.ROOT));
  }

  /** Whether the word is a function word or listed as ordinary. */
  static boolean isOrdinary(String word) {
    String lower = word.toLowerCase(Locale.ROOT);
    return FUNCTION.contains(lower) || ORDINARY.contains(lower);
  }

  /** Whether this capitalised word after an abbreviation begins a new sentence. */
  static boolean opensSentence(String word) {
    return word.length() > 1 && isFunction(word) || word.equals("A");
  }

  private static Set<String> read(String resource) {
    try (InputStream in = CommonWords.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("resource " + resource + " is missing from the jar");
      }
      Set<String> words = new HashSet<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        if (!line.startsWith("#")) {
          Collections.addAll(words, line.strip().split(" "));
        }
      }
      words.remove("");
      return Set.copyOf(words);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
