package org.realm4j.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.realm4j.io.RealmException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * How many questions of each set are trained on: {@code 8000}, {@code all}, or {@code
 * nq=all,squad=13000}.
 *
 * @param sets by name, all of them under "" if none is named
 */
record QuestionBudget(Map<String, Integer> sets) {
  private static final int ALL = Integer.MAX_VALUE;

  static QuestionBudget parse(String text) {
    Map<String, Integer> sets = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String name = equals < 0 ? "" : part.substring(0, equals);
      if (sets.put(name, count(part.substring(equals + 1))) != null
          || (sets.size() > 1 && sets.containsKey(""))) {
        throw wrong(text);
      }
    }
    return new QuestionBudget(sets);
  }

  private static int count(String text) {
    try {
      int count = text.equals("all") ? ALL : Integer.parseInt(text);
      if (count > 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Told below, like a number that is out of range.
    }
    throw wrong(text);
  }

  private static TypeConversionException wrong(String found) {
    return new TypeConversionException(
        "expected a number above 0, all, or NAME=NUMBER,NAME=NUMBER, found '" + found + "'");
  }

  /**
   * How many questions of a set at most.
   *
   * @param existing the names of all sets that there are
   */
  int of(String set, Set<String> existing) {
    for (String name : sets.keySet()) {
      if (!name.isEmpty() && !existing.contains(name)) {
        throw new RealmException.BadInput(
            "--train-questions: expected sets of %s, found '%s'".formatted(existing, name));
      }
    }
    return sets.getOrDefault(set, sets.getOrDefault("", 0));
  }

  /** Short enough for the name of a folder: {@code 8000}, {@code nq-all+squad-13000}. */
  @Override
  public String toString() {
    return sets.entrySet().stream()
        .map(
            e ->
                (e.getKey().isEmpty() ? "" : e.getKey() + "-")
                    + (e.getValue() == ALL ? "all" : e.getValue().toString()))
        .collect(Collectors.joining("+"));
  }

  /** For options. */
  static final class Converter implements ITypeConverter<QuestionBudget> {
    @Override
    public QuestionBudget convert(String value) {
      return parse(value);
    }
  }
}
