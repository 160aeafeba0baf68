package org.realm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.io.Json;

/** Questions about {@link TinyFiles#passages}, in a folder as experiments take it. */
final class TinyQuestions {
  private TinyQuestions() {}

  /** Ten questions to train on, ten others for evaluation. */
  static Path folder(Path dir) throws IOException {
    Files.createDirectories(dir);
    TinyFiles.jsonLines(dir.resolve("passages.jsonl"), TinyFiles.passages());
    List<String> training = new ArrayList<>();
    List<String> dev = new ArrayList<>();
    for (int i = 0; i < TinyFiles.cities().size(); i++) {
      String city = TinyFiles.cities().get(i);
      String country = TinyFiles.countries().get(i);
      training.add(question("the capital of " + country, city, 2 * i + 1));
      dev.add(question("are there people in " + city, country, 2 * i + 2));
    }
    TinyFiles.jsonLines(dir.resolve("questions.train.jsonl"), training);
    TinyFiles.jsonLines(dir.resolve("questions.dev.jsonl"), dev);
    return dir;
  }

  static String question(String text, String answer, Object passage) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("question", text);
    fields.put("answer", List.of(answer));
    fields.put("passage", String.valueOf(passage));
    return Json.format(fields);
  }
}
