package org.realm4j.qa;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;

/** What the readers of questions share: fields of several types, and errors that name them. */
final class Fields {
  private static final int SHOWN = 60;

  private Fields() {}

  /** A field that holds a string or a list of strings. */
  static List<String> strings(JsonObject object, String key) {
    Object value = object.fields().get(key);
    if (value instanceof String single) {
      return List.of(single);
    }
    if (!(value instanceof List<?> items)) {
      String found = object.fields().containsKey(key) ? kind(value) : "no such key";
      throw wrong(object.where(), quoted(key), "a string or a list of strings", found);
    }
    List<String> strings = new ArrayList<>(items.size());
    for (Object item : items) {
      if (!(item instanceof String string)) {
        String name = quoted(key) + "[" + strings.size() + "]";
        throw wrong(object.where(), name, "a string", kind(item));
      }
      strings.add(string);
    }
    return strings;
  }

  /** A text that is not blank. */
  static String text(JsonObject object, String key) {
    String text = object.string(key);
    if (text.isBlank()) {
      throw wrong(object.where(), quoted(key), "a text", "a blank one");
    }
    return text;
  }

  /** A string or a whole number, null if the field is missing. */
  static @Nullable String id(JsonObject object, String key) {
    return switch (object.fields().get(key)) {
      case null -> null;
      case Long whole -> whole.toString();
      default -> object.string(key);
    };
  }

  static RealmException wrong(String where, String field, String expected, String found) {
    return new RealmException.BadInput(
        "%s: %s: expected %s, found %s".formatted(where, field, expected, found));
  }

  /** Text of a file, as a message of one line may hold it. */
  static String shown(String text) {
    String cut = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    return cut.replace("\t", "<TAB>").replaceAll("[\\p{Cntrl}\u2028\u2029]", "?");
  }

  static String kind(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Map<?, ?> map -> "an object";
      case List<?> list -> "a list";
      case String s -> "'" + shown(s) + "'";
      default -> String.valueOf(value);
    };
  }

  private static String quoted(String key) {
    return '"' + key + '"';
  }
}
