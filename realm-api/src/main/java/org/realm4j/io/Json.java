package org.realm4j.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

/**
 * JSON as plain values: {@code Map<String, Object>} in the order of the file, {@code List<Object>},
 * {@code String}, {@code Long}, {@code Double}, {@code Boolean} and null.
 *
 * <p>Reading is strict: UTF-8 without errors, no duplicate keys, at most {@value #MAX_DEPTH}
 * levels, integers within a {@code long}, finite numbers, and nothing behind the value. All methods
 * are thread-safe.
 */
public final class Json {
  /** The deepest nesting of objects and arrays that is read or written. */
  public static final int MAX_DEPTH = 200;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(400)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private Json() {}

  /**
   * Reads a file that holds one value.
   *
   * @throws RealmException.CorruptFile if it is not valid, with line and column
   * @throws RealmException.BadInput if there is no such file
   */
  public static @Nullable Object parse(Path file) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return parse(strictUtf8(in), file.toString());
    } catch (IOException e) {
      throw DiskFault.reading(file, e);
    }
  }

  /**
   * Reads one value.
   *
   * @param where names the text in errors, such as a file and a line
   * @throws RealmException.CorruptFile if it is not valid
   */
  public static @Nullable Object parse(String text, String where) {
    return parse(new StringReader(text), where);
  }

  /** Reads a file that holds one object; the errors are those of {@link #parse(Path)}. */
  public static JsonObject parseObject(Path file) {
    return JsonObject.of(parse(file), file.toString());
  }

  /** Reads one object; the errors are those of {@link #parse(String, String)}. */
  public static JsonObject parseObject(String text, String where) {
    return JsonObject.of(parse(text, where), where);
  }

  /**
   * Writes a value to a file, indented, so that a crash leaves the old file or the new one.
   *
   * @param value as {@link #format} takes it
   */
  public static void write(Path file, @Nullable Object value) {
    write(FileLayer.DISK, file, value);
  }

  static void write(FileLayer layer, Path file, @Nullable Object value) {
    byte[] bytes = (formatPretty(value) + "\n").getBytes(StandardCharsets.UTF_8);
    DurableFile.write(layer, file, bytes.length, out -> out.write(bytes));
  }

  /**
   * The value on one line.
   *
   * @param value a map with string keys, a list or another iterable, a string, number, boolean or
   *     null, an array of float, double, int, long or objects, or a {@link JsonObject}
   * @throws RealmException.BadInput if it holds NaN, an infinity or an object of another class
   */
  public static String format(@Nullable Object value) {
    return new JsonFormatter(false).format(value);
  }

  /** The value with two spaces per level; arrays of plain values stay on one line. */
  public static String formatPretty(@Nullable Object value) {
    return new JsonFormatter(true).format(value);
  }

  /** A reader that refuses malformed UTF-8 instead of replacing it. */
  static Reader strictUtf8(InputStream in) {
    return new InputStreamReader(
        in,
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT));
  }

  /** A parser with the limits of this class; its exceptions are for {@link #fault}. */
  static JsonParser parser(Reader reader) {
    return FACTORY.createParser(ObjectReadContext.empty(), reader);
  }

  /** Turns what the parser says into one line that names the text and the place. */
  static RealmException fault(JacksonException e, String where) {
    if (e.getCause() instanceof CharacterCodingException coding) {
      return new RealmException.CorruptFile(where + ": not valid UTF-8", coding);
    }
    if (e.getCause() instanceof IOException disk) {
      return new RealmException(where + ": could not be read: " + disk.getMessage(), disk);
    }
    TokenStreamLocation at = e.getLocation();
    String place =
        at == null ? "" : "line %,d, column %,d: ".formatted(at.getLineNr(), at.getColumnNr());
    String why = String.valueOf(e.getOriginalMessage()).replaceAll("\\s+", " ");
    return new RealmException.CorruptFile(
        where + ": " + place + "not valid JSON: " + Names.shorten(why, 200), e);
  }

  private static @Nullable Object parse(Reader reader, String where) {
    try (JsonParser parser = parser(reader)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new RealmException.CorruptFile(where + ": empty; expected a JSON value");
      }
      Object value = value(parser, first, where);
      if (parser.nextToken() != null) {
        throw new RealmException.CorruptFile(where + ": something follows after the JSON value");
      }
      return value;
    } catch (JacksonException e) {
      throw fault(e, where);
    }
  }

  private static @Nullable Object value(JsonParser parser, JsonToken token, String where) {
    return switch (token) {
      case START_OBJECT -> object(parser, where);
      case START_ARRAY -> array(parser, where);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> integer(parser, where);
      case VALUE_NUMBER_FLOAT -> real(parser, where);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new RealmException.CorruptFile(where + ": unexpected " + token);
    };
  }

  private static Map<String, @Nullable Object> object(JsonParser parser, String where) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    while (next(parser, where) != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      fields.put(key, value(parser, next(parser, where), where));
    }
    return fields;
  }

  private static List<@Nullable Object> array(JsonParser parser, String where) {
    List<@Nullable Object> items = new ArrayList<>();
    for (JsonToken token = next(parser, where);
        token != JsonToken.END_ARRAY;
        token = next(parser, where)) {
      items.add(value(parser, token, where));
    }
    return items;
  }

  private static JsonToken next(JsonParser parser, String where) {
    JsonToken token = parser.nextToken();
    if (token == null) {
      throw new RealmException.CorruptFile(where + ": the JSON ends too early");
    }
    return token;
  }

  private static Long integer(JsonParser parser, String where) {
    JsonParser.NumberType type = parser.getNumberType();
    if (type != JsonParser.NumberType.INT && type != JsonParser.NumberType.LONG) {
      throw new RealmException.CorruptFile(
          where + ": the integer " + Names.shorten(parser.getString(), 40) + " exceeds 64 bits");
    }
    return parser.getLongValue();
  }

  private static Double real(JsonParser parser, String where) {
    double value = parser.getDoubleValue();
    if (!Double.isFinite(value)) {
      throw new RealmException.CorruptFile(
          where + ": the number " + Names.shorten(parser.getString(), 40) + " is out of range");
    }
    return value;
  }
}
