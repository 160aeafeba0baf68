package org.realm4j.io;

import java.lang.reflect.Array;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Formats plain values as JSON. One instance formats one value. */
final class JsonFormatter {
  private final StringBuilder out = new StringBuilder();
  private final boolean pretty;
  private final StringBuilder path = new StringBuilder("$");
  private int depth;

  JsonFormatter(boolean pretty) {
    this.pretty = pretty;
  }

  String format(@Nullable Object value) {
    append(value);
    return out.toString();
  }

  private void append(@Nullable Object value) {
    switch (value) {
      case null -> out.append("null");
      case String s -> string(s);
      case Boolean b -> out.append(b.booleanValue());
      case Number n -> number(n);
      case JsonObject o -> object(o.fields());
      case Map<?, ?> map -> object(map);
      case Iterable<?> items -> array(items.iterator());
      default -> {
        if (!value.getClass().isArray()) {
          throw bad("a " + value.getClass().getName() + " has no form in JSON");
        }
        array(elements(value));
      }
    }
  }

  private void number(Number n) {
    if ((n instanceof Double || n instanceof Float) && !Double.isFinite(n.doubleValue())) {
      throw bad(n + " has no form in JSON");
    }
    out.append(n);
  }

  private void object(Map<?, ?> map) {
    enter('{');
    boolean first = true;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String key)) {
        throw bad("a key is " + entry.getKey() + "; expected a string");
      }
      separate(first, pretty);
      first = false;
      string(key);
      out.append(pretty ? ": " : ":");
      at("." + key, entry.getValue());
    }
    leave('}', pretty && !map.isEmpty());
  }

  private void array(Iterator<?> items) {
    enter('[');
    int index = 0;
    boolean lines = false;
    while (items.hasNext()) {
      Object item = items.next();
      // A list of objects gets a line for each; a shape or a vector stays on one.
      lines |=
          pretty && (item instanceof Map || item instanceof JsonObject || item instanceof List);
      separate(index == 0, lines);
      at("[" + index++ + "]", item);
    }
    leave(']', lines);
  }

  private void at(String step, @Nullable Object value) {
    int length = path.length();
    path.append(step);
    append(value);
    path.setLength(length);
  }

  private void enter(char bracket) {
    if (++depth > Json.MAX_DEPTH) {
      throw bad("nested more than " + Json.MAX_DEPTH + " levels deep");
    }
    out.append(bracket);
  }

  private void leave(char bracket, boolean onNewLine) {
    depth--;
    if (onNewLine) {
      newLine();
    }
    out.append(bracket);
  }

  private void separate(boolean first, boolean onNewLine) {
    if (!first) {
      out.append(',');
    }
    if (onNewLine) {
      newLine();
    } else if (!first && pretty) {
      out.append(' ');
    }
  }

  private void newLine() {
    out.append('\n').repeat("  ", depth);
  }

  private void string(String s) {
    out.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          boolean pair =
              Character.isHighSurrogate(c)
                  && i + 1 < s.length()
                  && Character.isLowSurrogate(s.charAt(i + 1));
          if (pair) {
            out.append(c).append(s.charAt(++i));
          } else if (c < ' ' || Character.isSurrogate(c)) {
            // A lone surrogate has no UTF-8; escaped, it survives.
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static Iterator<Object> elements(Object array) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < Array.getLength(array);
      }

      @Override
      public Object next() {
        return Array.get(array, next++);
      }
    };
  }

  private RealmException bad(String why) {
    return new RealmException.BadInput(
        "JSON at " + Names.shorten(path.toString(), 200) + ": " + why);
  }
}
