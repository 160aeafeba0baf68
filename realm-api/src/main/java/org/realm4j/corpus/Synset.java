package org.realm4j.corpus;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.io.RealmException;

/**
 * One line of a WordNet data file: a set of synonyms with its gloss and its pointers to other sets.
 *
 * @param key part of speech ({@code n v a r}) and offset, such as {@code n10974490}
 * @param names the lemmas, with spaces for underscores and without the syntactic marker of
 *     adjectives
 * @param gloss definition and examples
 */
record Synset(String key, List<String> names, List<Pointer> pointers, String gloss) {

  /** From one synset to another; the symbol is WordNet's, such as {@code @i} for instance of. */
  record Pointer(String symbol, String target) {}

  /** The first name, by which other passages refer to this synset. */
  String name() {
    return names.getFirst();
  }

  boolean isInstance() {
    return pointers.stream().anyMatch(pointer -> pointer.symbol().equals("@i"));
  }

  /**
   * Reads a line {@code offset lexfile type wordcount(hex) (word lexid)* pointercount (symbol
   * offset pos source/target)* [verb frames] | gloss}.
   *
   * @param pos the file's part of speech, one letter
   * @param where names file and line in messages
   */
  static Synset parse(String line, char pos, String where) {
    int bar = line.indexOf(" | ");
    if (bar < 0) {
      throw new RealmException.BadInput(where + ": expected ' | ' before the gloss, found none");
    }
    Fields fields = new Fields(line.substring(0, bar).split(" "), where);
    String key = pos + fields.offset();
    fields.next("lexicographer file");
    fields.next("synset type");
    int words = fields.number("word count", 16);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < words; i++) {
      names.add(readable(fields.next("word")));
      fields.next("lexical id");
    }
    if (names.isEmpty()) {
      throw new RealmException.BadInput(where + ": expected at least one word, found none");
    }
    int count = fields.number("pointer count", 10);
    List<Pointer> pointers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String symbol = fields.next("pointer symbol");
      String offset = fields.offset();
      pointers.add(new Pointer(symbol, fields.partOfSpeech() + offset));
      fields.next("source and target");
    }
    if (pos != 'v') {
      fields.end();
    }
    return new Synset(
        key, List.copyOf(names), List.copyOf(pointers), line.substring(bar + 3).strip());
  }

  private static String readable(String lemma) {
    // Adjectives carry where they may stand: (a) before the noun, (p) after a verb, (ip) after the
    // noun.
    int marker = lemma.endsWith(")") ? lemma.lastIndexOf('(') : -1;
    return (marker > 0 ? lemma.substring(0, marker) : lemma).replace('_', ' ');
  }

  /** The fields before the gloss, one after the other. */
  private static final class Fields {
    private final String[] fields;
    private final String where;
    private int next;

    Fields(String[] fields, String where) {
      this.fields = fields;
      this.where = where;
    }

    String next(String what) {
      if (next == fields.length) {
        throw new RealmException.BadInput(
            where + ": expected a " + what + " as field " + (next + 1) + ", found the gloss");
      }
      return fields[next++];
    }

    String offset() {
      String offset = next("synset offset");
      if (offset.length() != 8 || !offset.chars().allMatch(c -> c >= '0' && c <= '9')) {
        throw wrong("an offset of 8 digits", offset);
      }
      return offset;
    }

    int number(String what, int radix) {
      String number = next(what);
      try {
        return Integer.parseUnsignedInt(number, radix);
      } catch (NumberFormatException e) {
        throw wrong("a " + what, number);
      }
    }

    /** Satellite adjectives (s) live in the file of the adjectives (a). */
    char partOfSpeech() {
      String pos = next("part of speech");
      if (pos.length() != 1 || "nvasr".indexOf(pos.charAt(0)) < 0) {
        throw wrong("a part of speech (n, v, a, s or r)", pos);
      }
      return pos.equals("s") ? 'a' : pos.charAt(0);
    }

    void end() {
      if (next != fields.length) {
        throw wrong("' | ' after the last pointer", fields[next]);
      }
    }

    private RealmException wrong(String expected, String found) {
      return new RealmException.BadInput(
          where + ": expected " + expected + " as field " + next + ", found '" + found + "'");
    }
  }
}
