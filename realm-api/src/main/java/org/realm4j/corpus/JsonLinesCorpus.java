package org.realm4j.corpus;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;
import org.realm4j.text.Passage;

/** See {@link Corpus#jsonLines}. */
record JsonLinesCorpus(Path file) implements Corpus {

  @Override
  public void forEach(Consumer<Passage> consumer) {
    DistinctIds ids = new DistinctIds(file.toString(), "line");
    Lines.forEach(
        file,
        (number, line) -> {
          if (!line.isBlank()) {
            Passage passage = parse(line, number);
            ids.add(passage.id(), number);
            consumer.accept(passage);
          }
        });
  }

  private Passage parse(String line, long number) {
    String where = file + ", line " + number;
    JsonObject fields = Json.parseObject(line, where);
    return new Passage(id(fields, number), fields.string("title"), fields.string("text"));
  }

  private static String id(JsonObject fields, long number) {
    return switch (fields.fields().get("id")) {
      case null -> Long.toString(number);
      case Long whole -> whole.toString();
      default -> fields.string("id");
    };
  }

  @Override
  public String describe() {
    return "JSON lines " + file.getFileName();
  }
}
