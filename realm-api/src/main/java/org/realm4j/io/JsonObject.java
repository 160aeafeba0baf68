package org.realm4j.io;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object with typed access to its fields. Every accessor throws {@link
 * RealmException.BadInput} that names the file and the key if the field is missing or of another
 * type; the variants with a default return it if the field is missing or null. Immutable as long as
 * the map is left alone.
 *
 * @param fields as {@link Json#parse} returns them
 * @param where names the object in errors, such as a file and a key
 */
public record JsonObject(Map<String, @Nullable Object> fields, String where) {
  /** The value as an object. */
  @SuppressWarnings("unchecked") // Every map that Json makes has string keys.
  public static JsonObject of(@Nullable Object value, String where) {
    if (value instanceof Map<?, ?> map) {
      return new JsonObject((Map<String, @Nullable Object>) map, where);
    }
    throw new RealmException.BadInput(where + ": expected an object, found " + kind(value));
  }

  /** Whether the field is there and not null. */
  public boolean has(String key) {
    return fields.get(key) != null;
  }

  public String string(String key) {
    return required(key, String.class, "a string");
  }

  public String string(String key, String otherwise) {
    return has(key) ? string(key) : otherwise;
  }

  /** A whole number in the range of a {@code long}; {@code 2.0} is none. */
  public long integer(String key) {
    return required(key, Long.class, "an integer");
  }

  public long integer(String key, long otherwise) {
    return has(key) ? integer(key) : otherwise;
  }

  /** A whole number in the range of an {@code int}. */
  public int int32(String key) {
    long value = integer(key);
    if (value != (int) value) {
      throw wrong(key, "an integer of 32 bits", String.valueOf(value));
    }
    return (int) value;
  }

  public int int32(String key, int otherwise) {
    return has(key) ? int32(key) : otherwise;
  }

  /** Any finite number. */
  public double number(String key) {
    return required(key, Number.class, "a number").doubleValue();
  }

  public double number(String key, double otherwise) {
    return has(key) ? number(key) : otherwise;
  }

  public boolean bool(String key) {
    return required(key, Boolean.class, "true or false");
  }

  public boolean bool(String key, boolean otherwise) {
    return has(key) ? bool(key) : otherwise;
  }

  public JsonObject object(String key) {
    return of(required(key, Map.class, "an object"), where + ": " + key);
  }

  @SuppressWarnings("unchecked") // A list of nullable objects is what Json makes.
  public List<@Nullable Object> list(String key) {
    return (List<@Nullable Object>) required(key, List.class, "a list");
  }

  private <T> T required(String key, Class<T> type, String expected) {
    Object value = fields.get(key);
    if (type.isInstance(value)) {
      return type.cast(value);
    }
    throw wrong(key, expected, fields.containsKey(key) ? kind(value) : "no such key");
  }

  private RealmException wrong(String key, String expected, String found) {
    return new RealmException.BadInput(
        "%s: \"%s\": expected %s, found %s"
            .formatted(where, Names.shorten(key, 100), expected, found));
  }

  private static String kind(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Map<?, ?> map -> "an object";
      case List<?> list -> "a list";
      case String s -> "the string \"" + Names.shorten(s, 40) + "\"";
      default -> String.valueOf(value);
    };
  }
}
