package org.realm4j.corpus;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.realm4j.io.Lines;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;

/** See {@link Corpus#dprTsv}. */
record DprTsvCorpus(Path file) implements Corpus {
  private static final List<String> HEADER = List.of("id", "text", "title");

  @Override
  public void forEach(Consumer<Passage> consumer) {
    DistinctIds ids = new DistinctIds(file.toString(), "line");
    Lines.forEach(
        file,
        (number, line) -> {
          String where = file + ", line " + number;
          List<String> fields = fields(line, where);
          if (number == 1) {
            checkHeader(fields, where);
          } else if (!line.isEmpty()) {
            ids.add(field(fields, 0, where), number);
            consumer.accept(new Passage(fields.get(0), fields.get(2), fields.get(1)));
          }
        });
  }

  private static void checkHeader(List<String> fields, String where) {
    if (!fields.equals(HEADER)) {
      throw new RealmException.BadInput(
          where
              + ": expected the header 'id<TAB>text<TAB>title', found '"
              + String.join("<TAB>", fields)
              + "'");
    }
  }

  private static String field(List<String> fields, int index, String where) {
    if (fields.size() != HEADER.size()) {
      throw new RealmException.BadInput(
          where + ": expected 3 fields separated by tabs, found " + fields.size());
    }
    return fields.get(index);
  }

  /** Splits at tabs; a field that begins with a quotation mark ends at the next single one. */
  static List<String> fields(String line, String where) {
    List<String> fields = new ArrayList<>(HEADER.size());
    int at = 0;
    while (true) {
      StringBuilder field = new StringBuilder();
      at = line.startsWith("\"", at) ? quoted(line, at, field, where) : plain(line, at, field);
      fields.add(field.toString());
      if (at == line.length()) {
        return fields;
      }
      at++;
    }
  }

  private static int plain(String line, int start, StringBuilder field) {
    int tab = line.indexOf('\t', start);
    int end = tab < 0 ? line.length() : tab;
    field.append(line, start, end);
    return end;
  }

  /** Reads a quoted field and returns where the tab or the end of the line behind it is. */
  private static int quoted(String line, int start, StringBuilder field, String where) {
    int at = start + 1;
    while (true) {
      int quote = line.indexOf('"', at);
      if (quote < 0) {
        throw new RealmException.BadInput(
            where + ": expected a closing quotation mark for the one in column " + (start + 1));
      }
      field.append(line, at, quote);
      if (!line.startsWith("\"", quote + 1)) {
        // As Python's csv reader does, which wrote these files: text between the closing mark and
        // the tab belongs to the field.
        return plain(line, quote + 1, field);
      }
      field.append('"');
      at = quote + 2;
    }
  }

  @Override
  public String describe() {
    return "DPR passages " + file.getFileName();
  }
}
