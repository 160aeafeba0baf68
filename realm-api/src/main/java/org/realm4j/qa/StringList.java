package org.realm4j.qa;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads a list of strings as Python's {@code repr} or JSON writes it: {@code ["a", 'b\'s']}, with
 * either quotation mark and the escapes that both have in common, and Python's {@code \\xhh}.
 */
final class StringList {
  private final String source;
  private final String where;
  private int at;

  private StringList(String source, String where) {
    this.source = source;
    this.where = where;
  }

  static boolean looksLikeOne(String field) {
    // Fields of a CSV that hold quotation marks stand in quotation marks.
    String text = field.strip();
    return (text.startsWith("[") && text.endsWith("]"))
        || (text.startsWith("\"[") && text.endsWith("]\""));
  }

  static List<String> parse(String source, String where) {
    return new StringList(source, where).list();
  }

  private List<String> list() {
    List<String> strings = new ArrayList<>();
    expect('[');
    while (peek() != ']') {
      if (!strings.isEmpty()) {
        expect(',');
        if (peek() == ']') {
          break; // Python allows a comma behind the last item.
        }
      }
      strings.add(string());
    }
    expect(']');
    if (peek() != 0) {
      throw wrong("nothing behind the list");
    }
    return strings;
  }

  private String string() {
    char mark = peek();
    if (mark != '"' && mark != '\'') {
      throw wrong("a string in quotation marks");
    }
    at++;
    StringBuilder text = new StringBuilder();
    while (at < source.length() && source.charAt(at) != mark) {
      char c = source.charAt(at++);
      text.append(c == '\\' ? escaped() : c);
    }
    if (at == source.length()) {
      throw wrong("a closing " + mark);
    }
    at++;
    return text.toString();
  }

  private char escaped() {
    if (at == source.length()) {
      throw wrong("a character behind the backslash");
    }
    char c = source.charAt(at++);
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'u' -> hexadecimal(4);
      case 'x' -> hexadecimal(2);
      case '\\', '/', '"', '\'' -> c;
      default -> {
        at--;
        throw wrong("an escape that Python and JSON know");
      }
    };
  }

  private char hexadecimal(int digits) {
    int end = at + digits;
    int value = 0;
    for (; at < end; at++) {
      int digit = at < source.length() ? Character.digit(source.charAt(at), 16) : -1;
      if (digit < 0) {
        throw wrong(digits + " hexadecimal digits");
      }
      value = 16 * value + digit;
    }
    return (char) value;
  }

  private void expect(char c) {
    if (peek() != c) {
      throw wrong("'" + c + "'");
    }
    at++;
  }

  /** The next character that is no space, 0 at the end. */
  private char peek() {
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      at++;
    }
    return at < source.length() ? source.charAt(at) : 0;
  }

  private RuntimeException wrong(String expected) {
    String found =
        at < source.length() ? "'" + Fields.shown(source.substring(at)) + "'" : "the end";
    return Fields.wrong(where, "answers, character " + (at + 1), expected, found);
  }
}
